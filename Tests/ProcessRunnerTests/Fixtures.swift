import Glibc
import ProcessRunner
import Synchronization

/// An environment that owes nothing to the machine but the system's programs.
let basic = ["PATH": "/usr/bin:/bin", "HOME": "/nonexistent", "LC_ALL": "C"]

func shell(_ script: String) -> Command {
    Command("sh", ["-c", script], environment: basic)
}

/// Lines in the order in which they came.
final class Collector: Sendable {
    private let lines = Mutex<[Line]>([])

    func add(_ text: String, _ stream: Line.Stream = .output) {
        lines.withLock { $0.append(Line(text, stream)) }
    }

    var texts: [String] { lines.withLock { $0.map(\.text) } }

    func texts(of stream: Line.Stream) -> [String] {
        lines.withLock { $0.filter { $0.stream == stream }.map(\.text) }
    }
}

/// A folder that goes with its value.
final class TemporaryFolder: Sendable {
    struct CannotBeMade: Error {}

    let path: String

    init() throws {
        var template = Array("/tmp/bim-process-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CannotBeMade() }
        path = String(cString: made)
    }

    deinit {
        for name in ProcFile.names(in: path) { unlink("\(path)/\(name)") }
        rmdir(path)
    }

    func write(_ text: String, to name: String, mode: mode_t = 0o600) throws {
        let file = open("\(path)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard file >= 0 else { throw CannotBeMade() }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw CannotBeMade() }
    }

    func read(_ name: String) -> String? {
        ProcFile.read("\(path)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }
}
