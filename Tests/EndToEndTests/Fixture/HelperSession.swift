import Foundation
import Glibc
import Testing

/// A run of the remote helper in which the test is git: line by line, with both pipes in the test's hands.
final class HelperSession {
    /// What git says, and how the answer to it ends.
    struct Line: Sendable {
        enum Answer: Sendable { case none, line, block }

        let text: String
        let answer: Answer

        init(_ text: String, _ answer: Answer = .line) {
            self.text = text
            self.answer = answer
        }
    }

    let process: ChildProcess
    private var toHelper: Int32
    private var fromHelper: Int32

    init(in project: Project, _ extra: [String: String] = [:]) throws {
        let (input, output) = (try Self.pipe(), try Self.pipe())
        (toHelper, fromHelper) = (input.writing, output.reading)
        defer {
            close(input.reading)
            close(output.writing)
        }
        _ = fcntl(fromHelper, F_SETFL, O_NONBLOCK)
        process = try project.sandbox.start(
            ["git-remote-bim", "bim", String(project.remote.trimmingPrefix("bim::"))], in: project.folder,
            ["GIT_DIR": ".git"].merging(extra) { $1 }, pipes: (input.reading, output.writing))
    }

    deinit {
        closeInput()
        stopListening()
    }

    /// Connected sockets, which can be shut whoever holds a copy.
    private static func pipe() throws -> (reading: Int32, writing: Int32) {
        var ends: [Int32] = [0, 0]
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        try #require(socketpair(AF_UNIX, kind, 0, &ends) == 0)
        return (ends[0], ends[1])
    }

    /// Says a line and waits for its whole answer.
    @discardableResult
    func say(_ line: Line) async throws -> String {
        write(line)
        var heard = ""
        _ = try await eventually("'\(line.text)' is answered") { () -> Bool? in
            let isOver = !process.isRunning
            heard += read()
            switch line.answer {
            case .none: return true
            case .line where heard.hasSuffix("\n"): return true
            case .block where heard == "\n" || heard.hasSuffix("\n\n"): return true
            default:
                try #require(!isOver, "the helper ended before it answered '\(line.text)': \(heard)\(process.stderr)")
                return nil
            }
        }
        return heard
    }

    /// Says a line, whoever hears it.
    func write(_ line: Line) {
        let bytes = Array((line.text + "\n").utf8)
        _ = Glibc.write(toHelper, bytes, bytes.count)
    }

    func closeInput() {
        shut(&toHelper)
    }

    func stopListening() {
        shut(&fromHelper)
    }

    private func shut(_ descriptor: inout Int32) {
        guard descriptor >= 0 else { return }
        shutdown(descriptor, Int32(SHUT_RDWR))
        close(descriptor)
        descriptor = -1
    }

    private func read() -> String {
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = Glibc.read(fromHelper, &buffer, buffer.count), count > 0 {
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        return text
    }
}
