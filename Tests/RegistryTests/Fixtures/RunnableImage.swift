import TestPeers
import Artifacts
import Foundation

extension Cargo {
    /// What programs of this machine run on.
    static var platform: Platform {
        #if arch(arm64)
            Platform(os: "linux", architecture: "arm64")
        #else
            Platform(os: "linux", architecture: "amd64")
        #endif
    }

    /// An image that runs on this machine and prints `hello from bim`: a text, and a program without libraries.
    func runnableImage(_ compression: Compression = .gzip) throws -> Artifact {
        try write(
            """
            #include <stdio.h>
            int main(void) {
                char line[100];
                FILE *file = fopen("/app/text.txt", "r");
                return !file || !fgets(line, sizeof line, file) || fputs(line, stdout) == EOF;
            }
            """, to: "run.c")
        try Tool.run(["cc", "-static", "-o", "run", "run.c"], in: folder)
        let layers = [
            try written(compression, "text.txt", Array("hello from bim\n".utf8)),
            try written(compression, "bin/run", Array(Data(contentsOf: URL(fileURLWithPath: "\(folder)/run")))),
        ]
        var execution = ImageConfiguration.Execution()
        execution.command = ["/app/bin/run"]
        return try Artifact(
            configuration: ImageConfiguration(
                created: "1980-01-01T00:00:01Z", platform: Self.platform, config: execution, diffIDs: layers.map(\.1),
                history: layers.map { _ in .init(createdBy: "test") }),
            layers: layers.map(\.0), annotations: ["org.example": "1"])
    }

    private func written(_ compression: Compression, _ path: String, _ content: [UInt8]) throws -> (
        Artifact.Layer, Digest
    ) {
        let id = Digest.sha256(of: content).hex
        let plan = LayerPlan([
            .init(path: Array(path.utf8), kind: .file(executable: true), size: Int64(content.count), content: id)
        ])
        let file = "\(folder)/\(id).layer"
        try Data().write(to: URL(fileURLWithPath: file))
        guard let handle = FileHandle(forWritingAtPath: file) else { throw CocoaError(.fileNoSuchFile) }
        let layer = try LayerWriter(compression).write(plan, to: handle.fileDescriptor) { _, deliver in
            try content.withUnsafeBytes { try deliver($0) }
        }
        return (Artifact.Layer(descriptor: layer.descriptor, source: .file(file)), layer.diffID)
    }
}
