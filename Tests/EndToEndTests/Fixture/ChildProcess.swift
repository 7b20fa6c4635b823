import Foundation
import Glibc
import Synchronization
import Testing

/// How a child process ended and what it printed.
struct Finished: CustomStringConvertible {
    let command: String
    /// The exit status, or 128 + n after signal n.
    let status: Int32
    let stdout: String
    let stderr: String

    var description: String { "\(command): status \(status)\n\(stdout)\(stderr)" }

    /// The value itself when the status is 0.
    @discardableResult
    func success(sourceLocation: SourceLocation = #_sourceLocation) throws -> Finished {
        try #require(status == 0, "\(self)", sourceLocation: sourceLocation)
        return self
    }

    /// The value itself when the status is what was expected of a failure.
    @discardableResult
    func failure(_ expected: Int32 = 1, sourceLocation: SourceLocation = #_sourceLocation) throws -> Finished {
        try #require(status == expected, "\(self)", sourceLocation: sourceLocation)
        return self
    }
}

/// A program that runs in a session of its own and prints into files, which can be read at any time.
final class ChildProcess: Sendable {
    /// Why a program could not be started.
    struct NotStarted: Error {
        let command: String
        let number: Int32
    }

    let id: pid_t
    private let command: String
    private let outputFile: String
    private let errorFile: String
    private let status = Mutex<Int32?>(nil)

    /// Starts `arguments`, the first of which is looked up in the PATH of `environment`.
    ///
    /// - Parameter pipes: its standard input and output, where they are not `/dev/null` and a file.
    init(
        _ arguments: [String], in folder: String, environment: [String: String], files: String,
        pipes: (input: Int32, output: Int32)? = nil
    ) throws {
        command = arguments.joined(separator: " ")
        outputFile = files + ".out"
        errorFile = files + ".err"
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        if let pipes {
            posix_spawn_file_actions_adddup2(&actions, pipes.input, 0)
            posix_spawn_file_actions_adddup2(&actions, pipes.output, 1)
        } else {
            posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
            posix_spawn_file_actions_addopen(&actions, 1, outputFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        }
        posix_spawn_file_actions_addopen(&actions, 2, errorFile, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var noSignals = sigset_t()
        sigemptyset(&noSignals)
        var allSignals = sigset_t()
        sigfillset(&allSignals)
        posix_spawnattr_setsigmask(&attributes, &noSignals)
        posix_spawnattr_setsigdefault(&attributes, &allSignals)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF) | 0x80)
        var words: [UnsafeMutablePointer<CChar>?] =
            (["env", "--chdir=\(folder)"] + arguments).map { strdup($0) } + [nil]
        var variables: [UnsafeMutablePointer<CChar>?] = environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
        defer { (words + variables).forEach { free($0) } }
        var child: pid_t = 0
        let error = posix_spawn(&child, "/usr/bin/env", &actions, &attributes, &words, &variables)
        guard error == 0 else { throw NotStarted(command: command, number: error) }
        id = child
    }

    deinit {
        if isRunning {
            kill(SIGKILL)
            waitpid(id, nil, 0)
        }
    }

    var stdout: String { (try? String(contentsOfFile: outputFile, encoding: .utf8)) ?? "" }
    var stderr: String { (try? String(contentsOfFile: errorFile, encoding: .utf8)) ?? "" }

    var isRunning: Bool { exitStatus == nil }

    /// The status once it has ended.
    var exitStatus: Int32? {
        status.withLock { known in
            if let known { return known }
            var raw: Int32 = 0
            guard waitpid(id, &raw, WNOHANG) == id else { return nil }
            known = raw & 0x7f == 0 ? raw >> 8 & 0xff : 128 + raw & 0x7f
            return known
        }
    }

    func kill(_ signal: Int32) {
        if isRunning { Glibc.kill(id, signal) }
    }

    /// Reaches its whole process group, as Ctrl-C does.
    func killGroup(_ signal: Int32) {
        if isRunning { Glibc.kill(-id, signal) }
    }

    /// Waits until it has ended.
    func finish(within limit: Duration = .seconds(120)) async throws -> Finished {
        let status = try await eventually("'\(command)' ends", within: limit) { exitStatus }
        return Finished(command: command, status: status, stdout: stdout, stderr: stderr)
    }

    /// Waits until standard error holds `text`; fails when the program ends without having said it.
    func says(_ text: String, within limit: Duration = .seconds(60)) async throws {
        _ = try await eventually("'\(command)' says '\(text)'", within: limit) {
            if stderr.contains(text) { return true }
            try #require(isRunning || stderr.contains(text), "'\(command)' ended and said\n\(stderr)")
            return nil
        }
    }
}
