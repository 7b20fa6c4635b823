import Artifacts

/// A tree given by paths, and the contents behind its blob ids, which are the contents themselves.
struct Files {
    var entries: [LayerPlan.Entry] = []
    private(set) var contents: [String: [UInt8]] = [:]

    mutating func add(_ path: [UInt8], _ content: [UInt8], kind: LayerPlan.Kind = .file(executable: false)) {
        let id = Digest.sha256(of: content).hex
        contents[id] = content
        entries.append(LayerPlan.Entry(path: path, kind: kind, size: Int64(content.count), content: id))
    }

    mutating func add(_ path: String, _ content: String, kind: LayerPlan.Kind = .file(executable: false)) {
        add(Array(path.utf8), Array(content.utf8), kind: kind)
    }

    /// Writes all files as one layer.
    func layer() throws -> (layer: WrittenLayer, bytes: [UInt8]) {
        try layer(LayerPlan(entries))
    }

    /// Writes some of them.
    func layer(
        _ plan: LayerPlan, _ writer: LayerWriter = LayerWriter()
    ) throws -> (layer: WrittenLayer, bytes: [UInt8]) {
        let output = Output()
        let layer = try writer.write(plan, to: { output.bytes.append(contentsOf: $0) }, read: read)
        return (layer, output.bytes)
    }

    /// Delivers in pieces of 1000 bytes, so that boundaries are met.
    func read(_ id: String, _ deliver: (UnsafeRawBufferPointer) throws -> Void) throws {
        guard let content = contents[id] else { throw Missing(id: id) }
        try content.withUnsafeBytes { bytes in
            for start in stride(from: 0, to: bytes.count, by: 1000) {
                try deliver(UnsafeRawBufferPointer(rebasing: bytes[start..<min(start + 1000, bytes.count)]))
            }
        }
    }

    struct Missing: Error {
        let id: String
    }

    private final class Output {
        var bytes: [UInt8] = []
    }

    /// What every golden digest is of.
    static var small: Files {
        var files = Files()
        files.add("Procfile", "web: ./run\n")
        files.add("run", "#!/bin/sh\nexec sleep 1\n", kind: .file(executable: true))
        files.add("current", "run", kind: .symlink)
        files.add("empty", "")
        files.add("lib/a.txt", "a\n")
        files.add("lib.d/b.txt", "b\n")
        files.add("lib/inner/\(String(repeating: "long/", count: 30))name.txt", "deep\n")
        files.add("lib/\(String(repeating: "n", count: 200)).txt", "long\n")
        files.add("lib/\(String(repeating: "p", count: 100))/\(String(repeating: "q", count: 200))", "very long\n")
        files.add("naïve/ü.txt", "text\n")
        files.add(Array("raw/".utf8) + [0xff, 0xfe, 0x41], Array("raw\n".utf8))
        files.add("two\nlines", "newline\n")
        files.add("far", String(repeating: "../", count: 50) + "x", kind: .symlink)
        return files
    }
}
