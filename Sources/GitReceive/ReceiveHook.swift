internal import Dispatch
internal import Diagnostics
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// One run of the hook `proc-receive`: git's question on standard input, the answer on standard output, and what the
/// pusher sees on standard error.
package enum ReceiveHook {
    /// - Parameter environment: as `receive-pack` gives it, in the folder of the repository.
    /// - Returns: the exit status for git.
    package static func run(environment: [String: String]) async -> Int32 {
        signal(SIGPIPE, SIG_IGN)
        let session: ReceiveSession
        do {
            var reader = PacketReader(read: read)
            session = try ReceiveSession(&reader) { write($0) }
        } catch {
            LineReporter.toStandardError("error: this program is run by git, as the hook proc-receive\n")
            return 2
        }
        let pusher = Pusher()
        let push = ReceivedPush(
            repository: ServerRepository(environment: environment, folder: currentFolder), pusher: pusher)
        let work = Task { await push.carryOut(session.updates, isAtomic: session.isAtomic) }
        // A pusher on this machine takes us along with Ctrl-C, as one of the terminal's programs.
        let signals = EndingSignals { _ in work.cancel() }
        // git keeps our input open until it has our answer; its end, or nobody who reads, means that the pusher is gone.
        DispatchQueue(label: "receive-pack").async {
            while !Self.read(1).isEmpty {}
            work.cancel()
        }
        let heartbeat = Task {
            while (try? await Task.sleep(for: .seconds(1))) != nil {
                if !pusher.isThere() { work.cancel() }
            }
        }
        let answers = await work.value
        heartbeat.cancel()
        await heartbeat.value
        withExtendedLifetime(signals) {}
        write(session.report(answers))
        return 0
    }

    private static var currentFolder: String {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        guard getcwd(&buffer, buffer.count) != nil else { return "." }
        return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
    }

    private static func read(_ count: Int) -> [UInt8] {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: count)
        while bytes.count < count {
            let got = Glibc.read(STDIN_FILENO, &buffer, count - bytes.count)
            if got < 0, errno == EINTR { continue }
            guard got > 0 else { break }
            bytes += buffer[..<got]
        }
        return bytes
    }

    private static func write(_ bytes: [UInt8]) {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if count > 0 { rest = rest.dropFirst(count) } else if errno != EINTR { return }
        }
    }
}
