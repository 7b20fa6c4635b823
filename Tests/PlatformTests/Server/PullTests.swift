import Artifacts
import Diagnostics
import HTTPTransport
@testable import Platform
import PlatformAPI
import Registry
import Testing

extension ServerTests {
    @Suite(
        "Artifacts of other registries", .enabled(if: RegistryPeer.mayRun, "docker-registry is not installed"))
    struct PullTests {
        private let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
        }

        /// A request for what lies elsewhere; its release command prints the file that the artifact holds.
        private func request(
            _ reference: String, kind: String = "image", of app: DeployableApp, commit: String? = nil,
            old: String? = nil
        ) -> DeploymentRequest {
            var request = app.request(commit: commit, old: old, releaseCommand: "cat hello")
            request.artifact = .init(kind: kind, reference: reference)
            return request
        }

        private func printed(by id: String, of app: DeployableApp) async throws -> [String] {
            try await app.allEvents(of: id).filter { $0.type == .log }.map(\.message)
        }

        @Test("An image is fetched by its digest, told layer by layer, kept for the next time, and runs")
        func image() async throws {
            try await withPlatform { platform in
                let app = try await DeployableApp(on: platform)
                var reference = ""
                try await RegistryPeer.run { registry in
                    reference = try await registry.upload(try SampleImage("from afar").artifact(in: folder))
                    let deployment = try await app.deploy(request(reference, of: app))
                    #expect(deployment.status == .healthy, "\(String(describing: deployment.failure))")
                    #expect(deployment.artifact.reference == reference)
                    #expect(try await Web.get(try #require(deployment.url)) == "ok")
                    let events = try await app.allEvents(of: deployment.id)
                    #expect(events.filter { $0.type == .log }.map(\.message) == ["from afar"])
                    let pulling = events.filter { $0.type == .progress && $0.phase == "pulling" }.map(\.message)
                    #expect(pulling.last?.hasPrefix("1 of 1 layer, ") == true, "\(pulling)")
                    #expect(try await app.releases().map(\.artifact) == [reference])
                }
                // The registry is gone, and everything is here.
                let commit = try await app.source.commit("second")
                try await app.source.pushSource(to: platform)
                let again = try await app.deploy(request(reference, of: app, commit: commit, old: app.commit))
                #expect(again.status == .healthy)
            }
        }

        @Test("An image that came from elsewhere is live again after a restart, its registry gone")
        func restart() async throws {
            let id = AppID(user: "acme", app: "app-" + String(UInt32.random(in: 0...UInt32.max), radix: 36))
            var url = ""
            try await RegistryPeer.run { registry in
                try await withPlatform(in: folder, app: id) { platform in
                    let app = try await DeployableApp(on: platform)
                    let reference = try await registry.upload(try SampleImage("from afar").artifact(in: folder))
                    url = try #require(try await app.deploy(request(reference, of: app)).url)
                }
            }
            try await withPlatform(in: folder, app: id) { platform in
                var state: String?
                while state != "running" {
                    state = try await platform.send("GET", "\(platform.path)/environments")
                        .decode([PlatformAPI.Environment].self).first?.state
                }
                #expect(try await Web.get(url) == "ok")
            }
        }

        @Test("Of an image index the manifest for this machine is taken; without one it is the wrong platform")
        func index() async throws {
            try await RegistryPeer.run { registry in
                try await withPlatform { platform in
                    let app = try await DeployableApp(on: platform)
                    let (own, other) = (try SampleImage("own"), try SampleImage("other", architecture: "riscv64"))
                    var entries: [Descriptor] = []
                    for (image, architecture) in [(other, "riscv64"), (own, Architecture.current)] {
                        _ = try await registry.upload(try image.artifact(in: folder))
                        var entry = Descriptor(mediaType: MediaType.imageManifest, content: image.manifest)
                        entry.platform = .init(os: "linux", architecture: architecture)
                        entries.append(entry)
                    }
                    let wrong = try await registry.upload(ImageIndex(manifests: [entries[0]]))
                    let both = try await registry.upload(ImageIndex(manifests: entries))
                    let plain = "\(registry.host)/team/api@\(other.digest)"
                    for reference in [wrong, plain] {
                        let failure = try #require(try await app.deploy(request(reference, of: app)).failure)
                        #expect(failure.code == .platformMismatch)
                        #expect(failure.phase == "pulling")
                        #expect(failure.message.hasPrefix("the image is for linux/riscv64"), "\(failure)")
                    }
                    let deployment = try await app.deploy(request(both, of: app))
                    #expect(deployment.status == .healthy, "\(String(describing: deployment.failure))")
                    #expect(try await printed(by: deployment.id, of: app) == ["own"])
                }
            }
        }

        @Test("The platform's own credentials are used, from where docker and podman keep them")
        func credentials() async throws {
            try await RegistryPeer.run(wantsPassword: true) { registry in
                let reference = try await registry.upload(try SampleImage("private").artifact(in: folder))
                try await withPlatform(["HOME": folder.path]) { platform in
                    let app = try await DeployableApp(on: platform)
                    let deployment = try await app.deploy(request(reference, of: app))
                    let failure = try #require(deployment.failure, "\(deployment.status)")
                    #expect(failure.code == .pullFailed)
                    #expect(
                        failure.message
                            == "the registry '\(registry.host)' wants credentials, and the platform has none for it")
                    #expect(failure.hint?.contains("podman login \(registry.host)") == true)
                }
                try await withPlatform(["HOME": folder.path, "REGISTRY_AUTH_FILE": try registry.authFile()]) {
                    let app = try await DeployableApp(on: $0)
                    #expect(try await app.deploy(request(reference, of: app)).status == .healthy)
                }
            }
        }

        @Test("What is missing, damaged or of another kind fails with the reason, and leaves nothing behind")
        func failures() async throws {
            try await RegistryPeer.run { registry in
                try await withPlatform { platform in
                    let app = try await DeployableApp(on: platform)
                    let blobs = try BlobStore(folder: platform.home.registry)
                    let image = try SampleImage("to be damaged")
                    let reference = try await registry.upload(try image.artifact(in: folder))
                    let layer = Digest.sha256(of: image.layer)
                    try registry.damage(layer, with: image.layer.reversed())
                    let missing = "\(registry.host)/team/api@sha256:" + String(repeating: "0", count: 64)
                    let nowhere = "localhost:1/team/api@\(image.digest)"
                    let cases = [
                        (reference, "image", "\(layer) came with other bytes than it names"),
                        (missing, "image", "the registry '\(registry.host)' does not have it"),
                        (nowhere, "image", "the registry 'localhost:1' does not answer the platform"),
                        (reference, "zip", "the artifact cannot be used: it is an image, and was called zip"),
                    ]
                    for (reference, kind, message) in cases {
                        let deployment = try await app.deploy(request(reference, kind: kind, of: app))
                        let failure = try #require(deployment.failure)
                        #expect(failure.code == .pullFailed)
                        #expect(failure.message.hasPrefix(message), "\(failure)")
                        #expect(failure.hint?.isEmpty == false)
                    }
                    #expect(blobs.size(of: layer) == nil)
                    #expect(names(in: platform.home.registry + "/uploads") == [])
                }
            }
        }

        @Test("A ZIP runs like an image of the host's system, from the platform's registry and from another")
        func zip() async throws {
            try await RegistryPeer.run { registry in
                try await withPlatform { platform in
                    let app = try await DeployableApp(on: platform)
                    let own = try SampleZip.artifact("zipped here", in: folder)
                    let client = RegistryClient(
                        baseURL: "http://127.0.0.1:\(platform.port)", repository: platform.app.description,
                        token: platform.token, transport: HTTPTransport())
                    _ = try await client.upload(own) { _, _ in }
                    let first = try await app.deploy(request(client.reference(to: own), kind: "zip", of: app))
                    #expect(first.status == .healthy, "\(String(describing: first.failure))")
                    #expect(try await printed(by: first.id, of: app) == ["zipped here"])
                    #expect(try await Web.get(try #require(first.url)) == "ok")

                    let reference = try await registry.upload(try SampleZip.artifact("zipped there", in: folder))
                    let commit = try await app.source.commit("second")
                    try await app.source.pushSource(to: platform)
                    let second = try await app.deploy(
                        request(reference, kind: "zip", of: app, commit: commit, old: app.commit))
                    #expect(try await printed(by: second.id, of: app) == ["zipped there"])
                }
            }
        }
    }
}
