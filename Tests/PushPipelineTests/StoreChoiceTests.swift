import Diagnostics
import Foundation
import GitCore
import ProjectConfig
import Registry
import Testing

@testable import PushPipeline

/// Which store takes an artifact.
final class StoreChoiceTests {
    private let folder = NSTemporaryDirectory() + "bim-store-\(UUID().uuidString)"
    private let platform = PlatformRegistry(baseURL: "http://127.0.0.1:1", token: nil)

    init() throws {
        try FileManager.default.createDirectory(atPath: folder + "/.git/refs", withIntermediateDirectories: true)
        try FileManager.default.createDirectory(atPath: folder + "/.git/objects", withIntermediateDirectories: true)
        try Data("ref: refs/heads/main\n".utf8).write(to: URL(fileURLWithPath: folder + "/.git/HEAD"))
        try write("")
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    private func write(_ configuration: String) throws {
        try Data("[core]\nrepositoryformatversion = 0\n\(configuration)\n".utf8)
            .write(to: URL(fileURLWithPath: folder + "/.git/config"))
    }

    private func choose(_ registry: String?, platform: PlatformRegistry?) throws -> StoreChoice {
        var config = ProjectConfig.default
        config.registry = registry
        let location = RepositoryLocation(environment: ["HOME": folder, "GIT_CONFIG_NOSYSTEM": "1"], folder: folder)
        return try StoreChoice(config, RemoteSettings(remote: "bim", location: location), platform: platform)
    }

    @Test("The remote's setting wins over the user's, that over the file, and that over the platform's own registry")
    func order() throws {
        guard case .platform = try choose(nil, platform: platform) else { return #expect(Bool(false)) }
        guard case .bucket(let bucket) = try choose("s3://some-bucket/apps/x", platform: platform) else {
            return #expect(Bool(false))
        }
        #expect(bucket.bucket == "some-bucket" && bucket.prefix == "apps/x")
        try write("[bim]\nregistry = localhost:5000/own")
        guard case .registry(let own) = try choose("ghcr.io/acme/api", platform: platform) else {
            return #expect(Bool(false))
        }
        #expect(own.host == "localhost:5000" && own.repository == "own")
        try write("[bim]\nregistry = localhost:5000/own\n[remote \"bim\"]\nbimRegistry = ghcr.io/acme/remote")
        guard case .registry(let remote) = try choose("ghcr.io/acme/api", platform: nil) else {
            return #expect(Bool(false))
        }
        #expect(remote.repository == "acme/remote")
    }

    @Test("What names no registry is refused with the place that says so", arguments: ["api", "s3://x", "https://a/b"])
    func refused(_ name: String) throws {
        let error = #expect(throws: UserError.self) { try choose(name, platform: platform) }
        #expect(error?.code == .configInvalid)
        #expect(error?.message == "'\(name)', named by 'registry' in bim.yml, is no registry")
        try write("[bim]\nregistry = \(name)")
        let own = #expect(throws: UserError.self) { try choose(nil, platform: nil) }
        #expect(own?.message == "'\(name)', named by bim.registry, is no registry")
    }

    @Test("Without any registry the error says how to name one")
    func none() throws {
        let error = #expect(throws: UserError.self) { try choose(nil, platform: nil) }
        #expect(error?.code == .configInvalid)
        #expect(error?.hint?.hasPrefix("git config bim.registry ") == true)
    }
}
