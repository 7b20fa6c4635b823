import Glibc
import Platform
import ProcessRunner
import Synchronization
import Testing

/// An environment that owes nothing to the machine but the system's programs.
let basic = ["PATH": "/usr/bin:/bin", "HOME": "/root", "LC_ALL": "C"]

/// How long any one test of this target may take, so that a fault is a failure and never a standstill.
let patience = TimeLimitTrait.Duration.minutes(3)

/// A text that no other process of this machine has in its arguments.
func uniqueMarker() -> String {
    "bim-test-\(UInt64.random(in: .min ... .max))-\(UInt64.random(in: .min ... .max))"
}

/// A runtime that all suites share, so that it is proven once that sandboxes can be made here.
enum SharedRuntime {
    private static let proven = Task {
        let runtime = SandboxRuntime(environment: basic, hidden: [])
        try await runtime.check()
        return runtime
    }

    static var value: SandboxRuntime {
        get async throws { try await proven.value }
    }
}

/// Lines in the order in which they came, and a way to wait for one.
final class Output: Sendable {
    private let lines = Mutex<[String]>([])
    private let stream: AsyncStream<String>
    private let continuation: AsyncStream<String>.Continuation

    init() {
        (stream, continuation) = AsyncStream.makeStream()
    }

    /// Takes the lines of one program, as long as somebody may still call it.
    var sink: @Sendable (String) -> Void {
        let end = End(continuation)
        return { [self] line in
            lines.withLock { $0.append(line) }
            _ = end.continuation.yield(line)
        }
    }

    var all: [String] { lines.withLock { $0 } }

    /// Returns when a line begins with `prefix`, with that line, or nil when the program has ended; may be called by
    /// one test at a time.
    func line(startingWith prefix: String) async -> String? {
        for await line in stream where line.hasPrefix(prefix) { return line }
        return nil
    }

    /// Goes with the program's sink, and then nobody waits for its lines any more.
    private final class End: Sendable {
        let continuation: AsyncStream<String>.Continuation

        init(_ continuation: AsyncStream<String>.Continuation) {
            self.continuation = continuation
        }

        deinit {
            continuation.finish()
        }
    }
}

/// An unpacked image with an empty `app`, which goes with its value.
final class Image: Sendable {
    struct CannotBeMade: Error {}

    let root: String

    init() throws {
        var template = Array("/tmp/bim-image-XXXXXX".utf8CString)
        guard let made = mkdtemp(&template) else { throw CannotBeMade() }
        root = String(cString: made)
        guard mkdir(root + "/app", 0o755) == 0 else { throw CannotBeMade() }
    }

    deinit {
        remove(root)
    }

    private func remove(_ path: String) {
        for name in ProcFile.names(in: path) where unlink("\(path)/\(name)") != 0 { remove("\(path)/\(name)") }
        rmdir(path)
    }

    func write(_ text: String, to name: String, mode: mode_t = 0o600) throws {
        let file = open("\(root)/\(name)", O_WRONLY | O_CREAT | O_TRUNC, mode)
        guard file >= 0 else { throw CannotBeMade() }
        defer { close(file) }
        let bytes = Array(text.utf8)
        guard Glibc.write(file, bytes, bytes.count) == bytes.count else { throw CannotBeMade() }
    }

    func read(_ name: String) -> String? {
        ProcFile.read("\(root)/\(name)").map { String(decoding: $0, as: UTF8.self) }
    }

    /// Makes a pipe with a name, which has an end once every process that holds it open is gone.
    func makePipe(_ name: String) throws -> String {
        guard mkfifo("\(root)/\(name)", 0o600) == 0 else { throw CannotBeMade() }
        return "\(root)/\(name)"
    }

    func shell(_ script: String, environment: [String: String] = [:]) -> InstanceSpec {
        InstanceSpec(label: "acme/api web.1", root: root, command: ["/bin/sh", "-c", script], environment: environment)
    }
}

extension SandboxRuntime {
    /// Runs a script to its end and returns its exit and its lines.
    func run(_ spec: InstanceSpec) async throws -> (InstanceExit, [String]) {
        let output = Output()
        let instance = try await start(spec, onOutput: output.sink)
        return (await instance.waitForExit(), output.all)
    }
}

/// Returns when every process that writes to the named pipe, or might, has ended.
func waitForEnd(ofPipe path: String) async throws {
    _ = try await Command("cat", [path], environment: basic).capture(deadline: .seconds(150))
}

/// Returns the processes whose argument list holds `marker`.
func processes(withArgument marker: String) -> [String] {
    ProcFile.names(in: "/proc").filter { name in
        guard Int32(name) != nil, Int32(name) != getpid(), let arguments = ProcFile.read("/proc/\(name)/cmdline")
        else { return false }
        return String(decoding: arguments, as: UTF8.self).contains(marker)
    }
}
