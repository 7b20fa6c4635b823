import Artifacts
import Foundation
import HTTPTransport

@testable import Registry

/// A folder with layers in it, and images that are made of them.
final class Cargo: Sendable {
    let folder: String

    init() throws {
        folder = NSTemporaryDirectory() + "bim-registry-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: folder) }

    func write(_ text: String, to name: String, mode: Int = 0o600) throws {
        let path = "\(folder)/\(name)"
        try FileManager.default.createDirectory(
            atPath: (path as NSString).deletingLastPathComponent, withIntermediateDirectories: true)
        try Data(text.utf8).write(to: URL(fileURLWithPath: path))
        try FileManager.default.setAttributes([.posixPermissions: mode], ofItemAtPath: path)
    }

    /// A layer with this content, which need not be an archive.
    func layer(_ content: [UInt8], origin: Artifact.Origin? = nil) throws -> Artifact.Layer {
        let descriptor = Descriptor(mediaType: MediaType.layerGzip, content: content)
        let path = "\(folder)/\(descriptor.digest.hex)"
        try Data(content).write(to: URL(fileURLWithPath: path))
        return Artifact.Layer(descriptor: descriptor, source: .file(path), origin: origin)
    }

    func image(_ layers: [Artifact.Layer]) throws -> Artifact {
        try Artifact(
            configuration: ImageConfiguration(
                platform: .init(os: "linux", architecture: "amd64"), diffIDs: layers.map(\.descriptor.digest)),
            layers: layers)
    }

    func image(_ contents: [String]) throws -> Artifact { try image(contents.map { try layer(Array($0.utf8)) }) }

    /// A file as docker keeps it, with these hosts and what `user:password` they take.
    static func auths(_ pairs: [String: String]) -> String {
        let entries = pairs.map { #""\#($0)":{"auth":"\#(Data($1.utf8).base64EncodedString())"}"# }
        return #"{"auths":{\#(entries.joined(separator: ","))}}"#
    }

    /// An environment in which nothing of the machine's own is found.
    func environment(_ variables: [String: String] = [:]) -> [String: String] {
        ["HOME": folder, "PATH": "\(folder)/bin:/usr/bin:/bin", "GIT_CONFIG_NOSYSTEM": "1"]
            .merging(variables) { _, own in own }
    }

    func client(
        _ host: String, repository: String = "acme/api", _ variables: [String: String] = [:], tags: [String] = [],
        remembers: Bool = false, warn: @escaping @Sendable (String) -> Void = { _ in }
    ) throws -> RegistryClient {
        RegistryClient(
            try reference("\(host)/\(repository)"), environment: environment(variables), transport: HTTPTransport(),
            tags: tags, memory: remembers ? UploadMemory(folder: folder) : nil,
            policy: RetryPolicy(attempts: 5, firstDelay: .milliseconds(1), longestDelay: .milliseconds(4)), warn: warn)
    }

    func reference(_ text: String) throws -> ImageReference {
        guard let reference = ImageReference(text) else { throw NoReference(text: text) }
        return reference
    }

    struct NoReference: Error {
        let text: String
    }
}

extension RegistryClient {
    @discardableResult
    func upload(_ artifact: Artifact) async throws -> UploadSummary { try await upload(artifact) { _, _ in } }
}
