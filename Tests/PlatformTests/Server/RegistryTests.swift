import Artifacts
import Foundation
import Testing

extension ServerTests {
    @Suite("The registry")
    struct RegistryTests {
        private let blob = Array("some bytes that make a blob".utf8)
        private var digest: Digest { .sha256(of: blob) }

        /// Expects an error in the registry's own form.
        private func expectError(
            _ code: String, _ status: Int, in answer: WebAnswer, sourceLocation: SourceLocation = #_sourceLocation
        ) throws {
            struct Errors: Decodable {
                struct Entry: Decodable {
                    let code: String
                    let message: String
                }
                let errors: [Entry]
            }
            #expect(answer.status == status, "\(answer.text)", sourceLocation: sourceLocation)
            let codes = try answer.decode(Errors.self).errors.map(\.code)
            #expect(codes == [code], sourceLocation: sourceLocation)
        }

        private func beginUpload(_ platform: TestPlatform) async throws -> String {
            let begun = try await platform.send("POST", "\(platform.registry)/blobs/uploads/")
            try #require(begun.status == 202)
            return try #require(begun.headers["location"])
        }

        private func isThere(_ digest: Digest, on platform: TestPlatform) async throws -> Bool {
            try await platform.send("HEAD", "\(platform.registry)/blobs/\(digest)").status == 200
        }

        @Test("A blob is taken in one request, in two, and in pieces, and comes back as it was")
        func blobs() async throws {
            try await withPlatform { platform in
                for way in ["one", "two", "pieces"] {
                    let blob = blob + Array(way.utf8)
                    let digest = Digest.sha256(of: blob)
                    #expect(try await !isThere(digest, on: platform))
                    switch way {
                    case "one": try await platform.upload(blob)
                    case "two":
                        let upload = try await beginUpload(platform)
                        let put = try await platform.send("PUT", "\(upload)?digest=\(digest)", body: blob)
                        #expect(put.status == 201)
                    default:
                        let upload = try await beginUpload(platform)
                        let first = try await platform.send(
                            "PATCH", upload, headers: ["Content-Range": "0-9"], body: blob.prefix(10))
                        #expect(first.status == 202)
                        #expect(first.headers["range"] == "0-9")
                        let progress = try await platform.send("GET", upload)
                        #expect(progress.status == 204)
                        #expect(progress.headers["range"] == "0-9")
                        let second = try await platform.send("PATCH", upload, body: blob[10..<20])
                        #expect(second.headers["range"] == "0-19")
                        let put = try await platform.send("PUT", "\(upload)?digest=\(digest)", body: blob[20...])
                        #expect(put.status == 201)
                        #expect(put.headers["docker-content-digest"] == digest.description)
                        #expect(put.headers["location"] == "\(platform.registry)/blobs/\(digest)")
                    }
                    let head = try await platform.send("HEAD", "\(platform.registry)/blobs/\(digest)")
                    #expect(head.headers["content-length"] == String(blob.count))
                    let got = try await platform.send("GET", "\(platform.registry)/blobs/\(digest)")
                    #expect(got.body == blob)
                }
            }
        }

        @Test("Content that has another digest is not taken")
        func wrongDigest() async throws {
            try await withPlatform { platform in
                let wrong = Digest.sha256(of: blob + [0])
                let whole = try await platform.send(
                    "POST", "\(platform.registry)/blobs/uploads/?digest=\(wrong)", body: blob)
                try expectError("DIGEST_INVALID", 400, in: whole)
                let upload = try await beginUpload(platform)
                let put = try await platform.send("PUT", "\(upload)?digest=\(wrong)", body: blob)
                try expectError("DIGEST_INVALID", 400, in: put)
                try expectError("BLOB_UPLOAD_UNKNOWN", 404, in: try await platform.send("GET", upload))
                for digest in ["", "?digest=sha512:0", "?digest=nonsense"] {
                    let answer = try await platform.send("PUT", try await beginUpload(platform) + digest, body: blob)
                    try expectError("DIGEST_INVALID", 400, in: answer)
                }
                for digest in [wrong, digest] { #expect(try await !isThere(digest, on: platform)) }
            }
        }

        @Test("A piece that does not follow is refused with the place where the upload stands")
        func wrongPlace() async throws {
            try await withPlatform { platform in
                let upload = try await beginUpload(platform)
                _ = try await platform.send("PATCH", upload, body: blob.prefix(10))
                for range in ["0-9", "11-20", "x"] {
                    let answer = try await platform.send(
                        "PATCH", upload, headers: ["Content-Range": range], body: blob[10...])
                    #expect(answer.status == 416)
                    #expect(answer.headers["range"] == "0-9")
                }
                let put = try await platform.send("PUT", "\(upload)?digest=\(digest)", body: blob[10...])
                #expect(put.status == 201)
            }
        }

        @Test("An upload that is given up is gone, as one that never was")
        func cancel() async throws {
            try await withPlatform { platform in
                let upload = try await beginUpload(platform)
                #expect(try await platform.send("DELETE", upload).status == 204)
                let unknown = "\(platform.registry)/blobs/uploads/" + String(repeating: "0", count: 32)
                for place in [upload, unknown, "\(platform.registry)/blobs/uploads/..%2Fledger"] {
                    try expectError("BLOB_UPLOAD_UNKNOWN", 404, in: try await platform.send("GET", place))
                    try expectError(
                        "BLOB_UPLOAD_UNKNOWN", 404, in: try await platform.send("PATCH", place, body: blob))
                }
            }
        }

        @Test("A blob that another repository has need not be sent again")
        func mount() async throws {
            try await withPlatform { platform in
                try await platform.upload(blob)
                _ = try await platform.send("POST", "/v1/apps", json: ["user": "acme", "name": "other"])
                let place = "/v2/acme/other/blobs/uploads/?from=\(platform.app)&mount="
                #expect(try await platform.send("POST", "\(place)\(digest)").status == 201)
                let unknown = try await platform.send("POST", "\(place)\(Digest.sha256(of: blob + [0]))")
                #expect(unknown.status == 202)
            }
        }

        @Test("A manifest is taken when all that it names is here, and found by tag and digest")
        func manifest() async throws {
            try await withPlatform { platform in
                let image = try SampleImage()
                let type = ["Content-Type": MediaType.imageManifest]
                let place = "\(platform.registry)/manifests"
                try await platform.upload(image.configuration)
                let early = try await platform.send("PUT", "\(place)/v1", headers: type, body: image.manifest)
                try expectError("MANIFEST_BLOB_UNKNOWN", 400, in: early)
                try expectError("MANIFEST_UNKNOWN", 404, in: try await platform.send("GET", "\(place)/v1"))
                try await platform.upload(image, as: "v1")
                for reference in ["v1", image.digest.description] {
                    let answer = try await platform.send("GET", "\(place)/\(reference)")
                    #expect(answer.body == image.manifest)
                    #expect(answer.mediaType == MediaType.imageManifest)
                    let head = try await platform.send("HEAD", "\(place)/\(reference)")
                    #expect(head.headers["docker-content-digest"] == image.digest.description)
                }
                let tags = try await platform.send("GET", "\(platform.registry)/tags/list")
                #expect(tags.text == "{\"name\":\"\(platform.app)\",\"tags\":[\"v1\"]}")
            }
        }

        @Test("What is no manifest, or another one than the digest says, is not taken")
        func wrongManifest() async throws {
            try await withPlatform { platform in
                let image = try SampleImage()
                try await platform.upload(image)
                let type = ["Content-Type": MediaType.imageManifest]
                let place = "\(platform.registry)/manifests"
                for body in ["", "{}", "nonsense"] {
                    let answer = try await platform.send("PUT", "\(place)/v1", headers: type, body: Array(body.utf8))
                    try expectError("MANIFEST_INVALID", 400, in: answer)
                }
                let other = Digest.sha256(of: blob)
                let answer = try await platform.send("PUT", "\(place)/\(other)", headers: type, body: image.manifest)
                try expectError("DIGEST_INVALID", 400, in: answer)
                let large = [UInt8](repeating: 0x20, count: 4 << 20) + image.manifest
                let refused = try await platform.send("PUT", "\(place)/v1", headers: type, body: large)
                try expectError("SIZE_INVALID", 413, in: refused)
            }
        }

        @Test("A repository is an app: without one there is none")
        func unknownRepository() async throws {
            try await withPlatform { platform in
                let requests = [
                    ("POST", "blobs/uploads/"), ("GET", "blobs/\(digest)"), ("GET", "manifests/v1"),
                    ("PUT", "manifests/v1"),
                ]
                for (method, place) in requests {
                    let answer = try await platform.send(method, "/v2/acme/none/\(place)")
                    try expectError("NAME_UNKNOWN", 404, in: answer)
                }
                try expectError(
                    "BLOB_UNKNOWN", 404, in: try await platform.send("GET", "\(platform.registry)/blobs/\(digest)"))
            }
        }
    }
}
