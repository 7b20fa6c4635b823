import Artifacts
import Foundation
import HTTPTransport
@testable import Platform
import PlatformAPI
import ProcessRunner
import Synchronization
import Testing

/// A registry that has its ways, played by Python.
@Suite("A registry that breaks off, never ends, or says nothing", .timeLimit(.minutes(2)))
struct PullFaultTests {
    private static let program = """
        import http.server, sys
        folder, fault, layer = sys.argv[1:]
        served = set()
        class Registry(http.server.BaseHTTPRequestHandler):
            def log_message(self, *rest): pass
            def do_GET(self):
                name = self.path.split(":")[-1]
                content = open(folder + "/" + name, "rb").read()
                isFault = name == layer and (fault == "endless" or name not in served)
                served.add(name)
                self.send_response(200)
                self.send_header("Content-Type", "application/vnd.oci.image.manifest.v1+json")
                if not (isFault and fault == "endless"): self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                if not isFault: return self.wfile.write(content)
                if fault == "breaks": return self.wfile.write(content[:len(content) // 2])
                try:
                    while True: self.wfile.write(content)
                except OSError: pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Registry)
        print("port", server.server_port, flush=True)
        server.serve_forever()
        """

    private let folder: TemporaryFolder
    private let image: SampleImage
    private let puller: ArtifactPuller
    private var layer: Digest { Digest.sha256(of: image.layer) }

    init() throws {
        folder = try TemporaryFolder()
        image = try SampleImage()
        for part in [image.manifest, image.configuration, image.layer] {
            try folder.write(part, to: "parts/\(Digest.sha256(of: part).hex)")
        }
        puller = ArtifactPuller(
            blobs: try BlobStore(folder: folder.path + "/registry"), environment: ["HOME": folder.path],
            reach: .anywhere)
    }

    private func pull(_ host: String, _ progress: @escaping @Sendable (String) -> Void = { _ in }) async throws {
        _ = try await puller.pull(
            .init(kind: "image", reference: "\(host)/team/api@\(image.digest)"), of: AppID(user: "acme", app: "api")
        ) { progress($0) }
    }

    private func withRegistry(_ fault: String, _ body: (String) async throws -> Void) async throws {
        let command = Command(
            "python3", ["-u", "-c", Self.program, folder.path + "/parts", fault, layer.hex],
            environment: Peer.environment(folder))
        try await Peer.run(command, until: "port ") { try await body("localhost:\($0)") }
    }

    @Test("A layer that breaks off is fetched again, and is not counted twice")
    func breaks() async throws {
        let told = Mutex<[String]>([])
        try await withRegistry("breaks") { host in
            try await pull(host) { text in told.withLock { $0.append(text) } }
        }
        #expect(puller.blobs.size(of: layer) == Int64(image.layer.count))
        let size = "\(image.layer.count) B"
        #expect(told.withLock { $0.last } == "1 of 1 layer, \(size) of \(size)")
    }

    @Test("A layer that has no end is given up when it is larger than it should be, and nothing of it stays")
    func endless() async throws {
        try await withRegistry("endless") { host in
            let error = await #expect(throws: PullFailure.self) { try await pull(host) }
            #expect(error == .damaged(layer))
        }
        #expect(puller.blobs.size(of: layer) == nil)
        #expect(names(in: folder.path + "/registry/uploads") == [])
    }

    @Test("A pull that is canceled while the registry says nothing ends at once")
    func canceled() async throws {
        let silent = LoopbackListener()
        let pulling = Task { try await pull("localhost:\(silent.port)") }
        try await silent.acceptOne()
        pulling.cancel()
        await #expect(throws: CancellationError.self) { try await pulling.value }
        #expect(puller.blobs.all() == [])
    }
}
