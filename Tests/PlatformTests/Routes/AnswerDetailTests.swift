import Artifacts
import Diagnostics
import Glibc
@testable import Platform
import PlatformAPI
import Testing

@Suite("The routes: what answers tell besides their status", .timeLimit(.minutes(2)))
struct AnswerDetailTests {
    private struct RegistryErrors: Decodable {
        struct One: Decodable { let code: String }
        let errors: [One]
    }

    private func registryCode(_ answer: WebAnswer) throws -> String? {
        try answer.decode(RegistryErrors.self).errors.first?.code
    }

    @Test("The platform names its registry and its limits; a problem names the path that was asked for")
    func description() async throws {
        try await withPlatform { platform in
            let description = try await platform.send("GET", "/v1").decode(PlatformDescription.self)
            #expect(description.registry == "127.0.0.1:\(platform.port)")
            #expect(description.limits == Limits.all)

            let path = "/v1/apps/acme/none/refs"
            #expect(try await platform.send("GET", path + "?x=y").decode(Problem.self).instance == path)
            #expect(try await platform.send("GET", path, as: .none).decode(Problem.self).instance == path)
        }
    }

    @Test("Lists of an app that does not exist are not found, in the registry's form below /v2")
    func unknownApp() async throws {
        try await withPlatform { platform in
            let deployments = try await platform.send("GET", "/v1/apps/acme/none/deployments")
            #expect(deployments.status == 404)
            for name in ["acme/none", "acme/No_App"] {
                let tags = try await platform.send("GET", "/v2/\(name)/tags/list")
                #expect(tags.status == 404)
                #expect(try registryCode(tags) == "NAME_UNKNOWN")
            }
            #expect(try await platform.send("GET", "\(platform.registry)/tags/list").status == 200)
        }
    }

    @Test("An index is taken when its manifests are here, and a manifest is shown while its blobs are whole")
    func wholeManifests() async throws {
        try await withPlatform { platform in
            let image = try SampleImage()
            let index = try CanonicalJSON.encode(
                ImageIndex(manifests: [
                    Descriptor(
                        mediaType: MediaType.imageManifest, digest: image.digest, size: Int64(image.manifest.count))
                ]))
            func putIndex() async throws -> WebAnswer {
                try await platform.send(
                    "PUT", "\(platform.registry)/manifests/all", headers: ["Content-Type": MediaType.imageIndex],
                    body: index)
            }
            #expect(try registryCode(try await putIndex()) == "MANIFEST_BLOB_UNKNOWN")
            try await platform.upload(image)
            #expect(try await putIndex().status == 201)

            let manifest = "\(platform.registry)/manifests/\(image.digest)"
            let layer = Digest.sha256(of: image.layer)
            #expect(try await platform.send("HEAD", manifest).status == 200)
            #expect(truncate("\(platform.home.registry)/blobs/\(layer.hex)", 0) == 0)
            #expect(try await platform.send("HEAD", manifest).status == 404)
            #expect(try await platform.send("HEAD", "\(platform.registry)/blobs/\(layer)").status == 404)
            try await platform.upload(image)
            #expect(try await platform.send("HEAD", manifest).status == 200)
        }
    }

    @Test("A busy environment says by whom, and when to ask again")
    func busy() async throws {
        try await withPlatform { platform in
            let app = try await DeployableApp(on: platform)
            let begun = try await app.start(app.request(releaseCommand: SampleApp.endless)).decode(Deployment.self)
            try await app.waitUntil(begun.id, prints: "begun")
            let refusal = try await app.start(app.request())
            #expect(refusal.status == 409)
            #expect(refusal.headers["retry-after"] == "5")
            let holder = try refusal.decode(Problem.self).holder
            #expect(holder?.by == "local")
            #expect(holder?.deployment == begun.id)
            #expect(try await app.cancel(begun.id).status == 202)
        }
    }

    @Test("A reader beyond the end hears that there is no more, and what never was live goes without a branch")
    func ended() async throws {
        try await withPlatform { platform in
            let app = try await DeployableApp(on: platform)
            let failed = try await app.deploy(app.request(releaseCommand: "exit 1"))
            #expect(failed.failure?.code == .releaseCommandFailed)
            let end = try await platform.lines("\(platform.path)/deployments/\(failed.id)/events")
                .reduce(0) { $1.hasPrefix("id: ") ? Int($1.dropFirst(4)) ?? $0 : $0 }
            for last in [end, end + 99] {
                for try await event in app.events(of: failed.id, after: last) {
                    Issue.record("there is no event after \(last), but this: \(event)")
                }
            }
            #expect(try await app.cancel(failed.id).status == 409)

            let environment = "\(platform.path)/environments/production"
            #expect(try await platform.send("DELETE", environment).status == 428)
            let stale = try await platform.send("DELETE", environment, headers: ["If-Match": "\"\(app.commit)\""])
            #expect(stale.status == 412)
            let removed = try await platform.send("DELETE", environment, headers: ["If-None-Match": "*"])
            #expect(removed.status == 204)
            #expect(try await platform.send("DELETE", environment, headers: ["If-None-Match": "*"]).status == 404)
        }
    }
}
