import ProcessRunner
import Testing

@Suite struct CaptureTests {
    @Test("Both streams may be larger than a pipe")
    func largeOnBothStreams() async throws {
        let script = "head -c 300000 /dev/zero | tr '\\0' o; head -c 300000 /dev/zero | tr '\\0' e >&2"
        let captured = try await shell(script).capture(deadline: .seconds(20))
        #expect(captured.status == .exited(0))
        #expect(captured.output == [UInt8](repeating: UInt8(ascii: "o"), count: 300_000))
        #expect(captured.errorText == String(repeating: "e", count: 64 * 1024))
    }

    @Test("The input reaches the program, and its end too")
    func input() async throws {
        let bytes = (0..<500_000).map { UInt8(truncatingIfNeeded: $0) }
        let captured = try await Command("cat", environment: basic).capture(input: bytes, deadline: .seconds(20))
        #expect(captured.output == bytes)
    }

    @Test("A program that does not read its input is no error")
    func unreadInput() async throws {
        let input = [UInt8](repeating: 0, count: 1_000_000)
        let captured = try await shell("exec <&-; echo done").capture(input: input, deadline: .seconds(20))
        #expect(captured.text == "done\n")
    }

    @Test(
        "The status tells exit codes and signals apart",
        arguments: [("exit 7", ProcessRunner.ExitStatus.exited(7)), ("kill -9 $$", .signaled(9))])
    func status(script: String, expected: ProcessRunner.ExitStatus) async throws {
        let captured = try await shell(script).capture(deadline: .seconds(20))
        #expect(captured.status == expected)
        #expect(!captured.status.isSuccess)
    }

    @Test("Output over the limit stops the program")
    func outputLimit() async throws {
        await #expect(throws: ProcessError(.outputLimit(1000), command: "sh")) {
            try await shell("while :; do echo something; done").capture(limit: 1000, deadline: .seconds(20))
        }
    }

    @Test("The environment is exactly the given one")
    func environment() async throws {
        let command = Command("/usr/bin/env", environment: ["A": "1", "B": "two words", "1BAD": "x", "": "y"])
        let lines = try await command.capture(deadline: .seconds(20)).text.split(separator: "\n").sorted()
        #expect(lines == ["A=1", "B=two words"])
    }

    @Test("The program starts in the given folder")
    func workingDirectory() async throws {
        let folder = try TemporaryFolder()
        var command = Command("pwd", environment: basic)
        command.workingDirectory = folder.path
        #expect(try await command.capture(deadline: .seconds(20)).text == folder.path + "\n")
    }

    @Test("Children do not inherit that we ignore SIGPIPE")
    func brokenPipeInChild() async throws {
        let captured = try await shell("{ yes; echo $? >&2; } | head -1").capture(deadline: .seconds(20))
        #expect(captured.text == "y\n")
        #expect(captured.errorText == "141\n")
    }

    @Test("A program that cannot be started says why")
    func cannotStart() async throws {
        let folder = try TemporaryFolder()
        try folder.write("echo hello", to: "plain")
        try folder.write("#!/bin/sh\necho hello", to: "tool", mode: 0o700)
        let path = ["PATH": folder.path]
        #expect(try await Command("tool", environment: path).capture(deadline: .seconds(20)).text == "hello\n")
        let table: [(Command, ProcessError.Kind)] = [
            (Command("no-such-program", environment: basic), .notFound),
            (Command(folder.path + "/absent", environment: basic), .notFound),
            (Command("plain", environment: path), .notExecutable),
            (Command(folder.path + "/plain", environment: basic), .notExecutable),
            (Command(folder.path, environment: basic), .notExecutable),
            (Command("ls", environment: basic, workingDirectory: folder.path + "/absent"), .launchFailed),
            (Command("ls", ["a\0b"], environment: basic), .launchFailed),
        ]
        for (command, kind) in table {
            let error = await #expect(throws: ProcessError.self) { try await command.capture(deadline: .seconds(20)) }
            #expect(error?.kind == kind, "\(command)")
        }
    }
}
