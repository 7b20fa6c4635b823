import TestPeers
import Artifacts
import Diagnostics
import Foundation
import HTTPTransport
import Testing

@testable import Registry

/// Stores of S3's kind take artifacts and give them back: moto, and the strict OpenStack Swift.
@Suite(.enabled(if: PythonPeers.has("moto, swift"), "moto or OpenStack Swift is not installed"))
struct S3StoreTests {
    private let cargo: Cargo

    init() throws {
        cargo = try Cargo()
    }

    private func store(_ peer: S3Peer, _ bucket: String, partSize: Int64 = 64 << 20) throws -> S3Store {
        S3Store(
            try peer.location("\(bucket)/deep/prefix"), app: "api", environment: peer.environment,
            transport: HTTPTransport(), partSize: partSize)
    }

    private func zip(_ content: [UInt8]) throws -> Artifact {
        let layer = try cargo.layer(content)
        let descriptor = Descriptor(mediaType: MediaType.zip, content: content)
        return try Artifact(zip: .init(descriptor: descriptor, source: layer.source))
    }

    @Test(
        "A ZIP lies under its digest, is sent once, whole or in parts, and comes back checked",
        arguments: [S3Peer.Kind.moto, .swift], [1000, 12 << 20])
    func zips(_ kind: S3Peer.Kind, size: Int) async throws {
        let peer = try kind.peer
        let bucket = try await peer.bucket()
        let content = [UInt8](repeating: 7, count: size)
        let artifact = try zip(content)
        let store = try store(peer, bucket, partSize: 5 << 20)
        let digest = try #require(artifact.zip).descriptor.digest
        #expect(store.reference(to: artifact) == "s3://\(bucket)/deep/prefix/api/\(digest.hex).zip")
        #expect(try await !store.contains(artifact))
        #expect(try await store.upload(artifact) { _, _ in }.sentLayers == 1)
        #expect(try await store.contains(artifact))
        #expect(try await store.upload(artifact) { _, _ in }.sentLayers == 0)
        var back: [UInt8] = []
        try await store.download(zip: digest) { back += $0 }
        #expect(back == content)
        #expect(try await store.size(ofZip: digest) == Int64(size))
        #expect(try await store.attachments(to: digest).isEmpty)
        for text in ["one", "two"] {
            try await store.attach(Array(text.utf8), type: "application/json", named: "x.json", to: artifact)
        }
        #expect(Set(try await store.attachments(to: digest)) == [Array("one".utf8), Array("two".utf8)])
    }

    @Test("A URL lets anybody read one object for a while, and no other", arguments: [S3Peer.Kind.moto, .swift])
    func presigned(_ kind: S3Peer.Kind) async throws {
        let peer = try kind.peer
        let bucket = try await peer.bucket()
        let store = try store(peer, bucket)
        let (artifact, other) = (try zip(Array(0..<100)), try zip([1]))
        for one in [artifact, other] { _ = try await store.upload(one) { _, _ in } }
        let urls = try #require(try await store.presignedURLs(for: artifact, seconds: 60))
        let digest = try #require(artifact.zip).descriptor.digest
        let url = try #require(urls[digest.description])
        #expect(urls.count == 1)
        let reply = try await HTTPTransport().send(Exchange("GET", url, headers: [("Range", "bytes=0-9")]))
        #expect(reply.status == 206 && reply.body == Array(0..<10))
        // moto looks at no signature.
        guard kind == .swift else { return }
        let names = try [artifact, other].map { try #require($0.zip).descriptor.digest.hex }
        let tampered = url.replacingOccurrences(of: names[0], with: names[1])
        #expect(try await HTTPTransport().send(Exchange("GET", tampered)).status == 403)
        let past = try peer.client(bucket, clock: -120)
        let expired = try await past.presignedURL("deep/prefix/api/\(names[0]).zip", seconds: 60)
        #expect(try await HTTPTransport().send(Exchange("GET", expired)).status == 403)
    }

    @Test("What is larger than 64 MiB goes in parts")
    func large() async throws {
        let peer = try S3Peer.Kind.moto.peer
        let bucket = try await peer.bucket()
        let artifact = try zip([UInt8](repeating: 0, count: (64 << 20) + 1))
        _ = try await store(peer, bucket).upload(artifact) { _, _ in }
        let digest = try #require(artifact.zip).descriptor.digest
        let reply = try await peer.client(bucket).send("HEAD", "deep/prefix/api/\(digest.hex).zip")
        // The entity tag of an object in parts ends with their number.
        #expect(reply.header("ETag")?.hasSuffix("-2\"") == true)
        #expect(reply.header("Content-Length") == String((64 << 20) + 1))
    }

    @Test("What is not what its digest says is found out on the way back")
    func damaged() async throws {
        let peer = try S3Peer.Kind.moto.peer
        let bucket = try await peer.bucket()
        let store = try store(peer, bucket)
        let artifact = try zip([1, 2, 3])
        _ = try await store.upload(artifact) { _, _ in }
        let digest = try #require(artifact.zip).descriptor.digest
        let key = "deep/prefix/api/\(digest.hex).zip"
        #expect(try await peer.client(bucket).send("PUT", key, body: .bytes([1, 2, 4])).status == 200)
        await #expect(throws: S3Error.damaged(key: key)) { try await store.download(zip: digest) { _ in } }
        let (absent, lost) = (Digest.sha256(of: [9]), "deep/prefix/api/\(Digest.sha256(of: [9]).hex).zip")
        await #expect(throws: S3Error.missing(bucket: bucket, key: lost)) {
            try await store.download(zip: absent) { _ in }
        }
    }

    @Test("What changed on the way there is refused by a store that checks")
    func changed() async throws {
        let peer = try S3Peer.Kind.swift.peer
        let reply = try await peer.client(try await peer.bucket()).send(
            "PUT", "x", body: .bytes([1]), payload: Digest.sha256(of: [2]).hex)
        #expect(reply.status == 400)
    }

    @Test(
        "Images are an OCI layout that several may write at once; skopeo reads it",
        .enabled(if: Tool.canRun("skopeo")), arguments: [S3Peer.Kind.moto, .swift])
    func images(_ kind: S3Peer.Kind) async throws {
        let peer = try kind.peer
        let bucket = try await peer.bucket()
        let store = try store(peer, bucket)
        let images = try (0..<4).map { try cargo.image(["shared", "own \($0)"]) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for image in images { group.addTask { _ = try await store.upload(image) { _, _ in } } }
            try await group.waitForAll()
        }
        for image in images { #expect(try await store.contains(image)) }
        let client = try peer.client(bucket)
        let index = try CanonicalJSON.decode(
            ImageIndex.self, from: try await client.send("GET", "deep/prefix/api/index.json").body)
        #expect(Set(index.manifests.map(\.digest)) == Set(images.map(\.digest)))
        let blobs = images.flatMap { image in
            image.layers.map(\.descriptor.digest.hex) + [image.digest.hex, image.configurationDescriptor.digest.hex]
        }
        for name in ["index.json", "oci-layout"] + Set(blobs).map({ "blobs/sha256/\($0)" }) {
            let reply = try await client.send("GET", "deep/prefix/api/\(name)")
            try cargo.write(String(decoding: reply.body, as: UTF8.self), to: "layout/\(name)")
        }
        for image in images {
            let raw = try Tool.run(["skopeo", "inspect", "--raw", "oci:layout:\(image.digest.hex)"], in: cargo.folder)
            #expect(Digest.sha256(of: Array(raw.utf8)) == image.digest)
        }
    }

    @Test("A lock of somebody who is gone is taken over, and no lock is left")
    func staleLock() async throws {
        let peer = try S3Peer.Kind.swift.peer
        let bucket = try await peer.bucket()
        let client = try peer.client(bucket)
        let index = S3ImageIndex(client, S3Upload(client), folder: "x", patience: .zero)
        let manifests = (0..<2).map { Descriptor(mediaType: MediaType.imageManifest, content: [$0]) }
        try await index.add(manifests[0])
        #expect(try await client.send("PUT", "x/index.json.lock", body: .bytes([1])).status == 200)
        try await index.add(manifests[1])
        let reply = try await client.send("GET", "x/index.json")
        let read = try CanonicalJSON.decode(ImageIndex.self, from: reply.body)
        #expect(Set(read.manifests.map(\.digest)) == Set(manifests.map(\.digest)))
        #expect(try await client.send("HEAD", "x/index.json.lock").status == 404)
    }

    @Test("A role's key is got with another key, and good for the bucket")
    func role() async throws {
        let peer = try S3Peer.Kind.moto.peer
        let bucket = try await peer.bucket()
        try cargo.write(
            """
            [default]
            role_arn = arn:aws:iam::123456789012:role/deploy
            source_profile = base
            region = us-east-1
            [profile base]
            aws_access_key_id = A
            aws_secret_access_key = s
            """, to: ".aws/config")
        let environment = cargo.environment(["AWS_ENDPOINT_URL": peer.endpoint])
        let found = try #require(
            try await S3CredentialChain(environment: environment, transport: HTTPTransport()).find())
        #expect(found.source == "the role 'arn:aws:iam::123456789012:role/deploy'")
        #expect(found.sessionToken != nil && found.lasts(at: Int64(Date().timeIntervalSince1970)))
        let store = S3Store(
            try #require(S3Location("s3://\(bucket)", environment: environment)), app: "x", environment: environment,
            transport: HTTPTransport())
        #expect(try await store.upload(try zip([1])) { _, _ in }.sentLayers == 1)
    }

    @Test("A key or a clock that is wrong is an error that says where the key is from")
    func denied() async throws {
        let peer = try S3Peer.Kind.swift.peer
        let bucket = try await peer.bucket()
        let wrong = S3Store(
            try peer.location(bucket), app: "x",
            environment: peer.environment.merging(["AWS_SECRET_ACCESS_KEY": "wrong"]) { $1 }, transport: HTTPTransport()
        )
        let error = await #expect(throws: S3Error.self) { _ = try await wrong.upload(try zip([1])) { _, _ in } }
        #expect(
            error?.userError.message.hasPrefix(
                "the bucket '\(bucket)' does not allow this with the key from AWS_ACCESS_KEY_ID, SignatureDoesNotMatch: "
            )
                == true)
        let late = try peer.client(bucket, clock: -3600)
        #expect(XMLText(try await late.send("GET", "x").body)["Code"] == "RequestTimeTooSkewed")
    }

    @Test("A bucket that is not there is an error with its name", arguments: [S3Peer.Kind.moto, .swift])
    func noBucket(_ kind: S3Peer.Kind) async throws {
        let store = try store(try kind.peer, "nowhere")
        let error = await #expect(throws: S3Error.self) { _ = try await store.upload(try zip([1])) { _, _ in } }
        #expect(
            error?.userError.message.hasPrefix("the bucket 'nowhere' refused the request with status 404, NoSuchBucket")
                == true)
    }
}
