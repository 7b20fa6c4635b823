import Glibc
import ProcessRunner
import Testing

@Suite struct DetachedProcessTests {
    @Test("A daemon has its own session, logs to a private file and inherits nothing else")
    func daemon() async throws {
        let folder = try TemporaryFolder()
        let log = folder.path + "/log"
        // Made without close-on-exec, as git's pipes are when git starts us.
        var leak: [Int32] = [0, 0]
        #expect(pipe(&leak) == 0)
        defer { leak.forEach { close($0) } }
        let script = """
            cut -d' ' -f5,6 /proc/$$/stat; ls /proc/$$/fd | tr '\\n' ' '; echo; echo "dir=$GIT_DIR"; pwd; echo error >&2
            """
        var environment = basic
        environment["GIT_DIR"] = "/repository"
        let command = Command("sh", ["-c", script], environment: environment, workingDirectory: folder.path)
        let id = try command.spawnDetached(logFile: log)
        var status: Int32 = 0
        #expect(waitpid(id, &status, 0) == id)
        let lines = try #require(folder.read("log")).split(separator: "\n").map(String.init)
        // 3 is the folder that `ls` reads.
        #expect(lines.dropFirst().first.map { "0 1 2 3 ".hasPrefix($0) } == true)
        #expect(lines.first == "\(id) \(id)")
        #expect(lines.dropFirst(2) == ["dir=", folder.path, "error"])
        var information = stat()
        #expect(stat(log, &information) == 0)
        #expect(information.st_mode & 0o777 == 0o600)
    }

    @Test("The log is appended to")
    func appends() throws {
        let folder = try TemporaryFolder()
        try folder.write("before\n", to: "log", mode: 0o644)
        let id = try shell("echo after").spawnDetached(logFile: folder.path + "/log")
        var status: Int32 = 0
        waitpid(id, &status, 0)
        #expect(folder.read("log") == "before\nafter\n")
    }

    @Test("A missing program or an impossible log is an error")
    func cannotStart() throws {
        let folder = try TemporaryFolder()
        let missing = Command("no-such-program", environment: basic)
        #expect(throws: ProcessError(.notFound, command: "no-such-program")) {
            try missing.spawnDetached(logFile: folder.path + "/log")
        }
        let error = #expect(throws: ProcessError.self) {
            try shell("true").spawnDetached(logFile: folder.path + "/absent/log")
        }
        #expect(error?.kind == .launchFailed)
    }
}
