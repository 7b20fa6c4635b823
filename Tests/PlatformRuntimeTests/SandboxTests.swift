import Glibc
@testable import Platform
import ProcessRunner
import Sandboxes
import Testing

@Suite(.timeLimit(patience)) struct SandboxTests {
    private let image: Image
    private let runtime: SandboxRuntime

    init() async throws {
        image = try Image()
        runtime = try await SharedRuntime.value
    }

    @Test(
        "The instance cannot touch the machine",
        arguments: [
            "cat /etc/shadow", "touch /usr/x", "touch /x", "touch /app/../x", "echo x >> /etc/passwd",
            "mount -t tmpfs x /tmp", "chroot / true", "kill -0 \(getpid())",
        ])
    func confined(script: String) async throws {
        #expect(access("/etc/shadow", F_OK) == 0 && access("/etc/passwd", F_OK) == 0)
        let (exit, output) = try await runtime.run(image.shell("\(script) 2>&1 || exit 77"))
        #expect(exit == .exited(77), "\(output)")
    }

    @Test("Of the machine's files the instance sees its programs and what tells nothing")
    func hidden() async throws {
        try image.write("seen", to: "secret")
        let (exit, output) = try await runtime.run(
            image.shell(
                "cat \(image.root)/secret && exit 1; ls -A / && echo -- && ls -A /etc && echo -- && ls -A /etc/ssl"))
        #expect(exit == .exited(0))
        let found = output.filter { !$0.hasPrefix("cat: ") }.split(separator: "--", omittingEmptySubsequences: false)
        try #require(found.count == 3)
        let system = ["bin", "etc", "lib", "lib32", "lib64", "libx32", "sbin", "usr"]
        #expect(Set(found[0]).subtracting(system) == ["app", "dev", "proc", "tmp"])
        let settings = Set(
            HostSystem.harmlessSettings.compactMap { $0.split(separator: "/").first.map(String.init) })
        #expect(
            Set(found[1]).subtracting(settings).filter { !$0.hasPrefix("java-") && !$0.hasPrefix("python3.") } == [])
        #expect(Set(found[2]).subtracting(["certs", "openssl.cnf"]) == [])
    }

    @Test("The app's folder and /tmp are writable, and /tmp is private")
    func writable() async throws {
        let (exit, output) = try await runtime.run(
            image.shell(
                "echo kept > file && echo gone > /tmp/bim-sandbox-test && cat /tmp/bim-sandbox-test && pwd && echo $HOME"
            ))
        #expect(exit == .exited(0))
        #expect(output == ["gone", "/app", "/app"])
        #expect(image.read("app/file") == "kept\n")
        #expect(access("/tmp/bim-sandbox-test", F_OK) != 0)
    }

    @Test("It has its own processes, host name and an ordinary user")
    func namespaces() async throws {
        let (_, output) = try await runtime.run(
            image.shell("ls -d /proc/[0-9]* | wc -l; hostname; id -u; grep CapEff /proc/self/status | cut -f2"))
        #expect(output.first.flatMap { Int($0) }.map { $0 < 8 } == true)
        #expect(output.dropFirst() == ["acme-api-web-1", "1000", "0000000000000000"])
    }

    @Test("The environment is the given one, and no value is in an argument list")
    func environment() async throws {
        let output = Output()
        let secret = uniqueMarker()
        let library = "/app/\(uniqueMarker())"
        let spec = image.shell(
            "env | sort; echo ready; sleep 1000",
            environment: ["PORT": "8080", "TOKEN": secret, "LD_LIBRARY_PATH": library])
        let instance = try await runtime.start(spec, onOutput: output.sink)
        #expect(await output.line(startingWith: "ready") != nil)
        #expect(processes(withArgument: library).isEmpty == false, "the argument lists can be read")
        #expect(processes(withArgument: secret).isEmpty)
        #expect(
            Set(output.all).subtracting(["ready"]) == [
                "HOME=/app", "LD_LIBRARY_PATH=\(library)", "PATH=\(ExecutableLookup.defaultPath)", "PORT=8080",
                "PWD=/app",
                "TOKEN=\(secret)",
            ])
        #expect(await instance.stop(grace: .seconds(1000)) == .terminated)
    }

    @Test("What steers the loader never reaches bubblewrap itself")
    func loader() throws {
        let spec = image.shell("true", environment: ["LD_PRELOAD": "/app/evil.so", "GCONV_PATH": "/app", "PLAIN": "1"])
        let command = try runtime.command(for: spec)
        #expect(command.environment["LD_PRELOAD"] == nil)
        #expect(command.environment["GCONV_PATH"] == nil)
        #expect(command.environment["PLAIN"] == "1")
        #expect(command.arguments.contains("/app/evil.so"))
    }

    @Test(
        "Exit codes and signals are told apart",
        arguments: [
            ("exit 3", InstanceExit.exited(3)), ("kill -9 $$", .signaled(9)), ("no-such-program", .exited(127)),
        ])
    func exits(script: String, expected: InstanceExit) async throws {
        #expect(try await runtime.run(image.shell(script)).0 == expected)
    }

    @Test("Hundred thousand lines arrive in order, both streams together")
    func manyLines() async throws {
        let script = "seq 1 50000; seq 50001 100000 >&2; printf '\\377last'"
        let (exit, output) = try await runtime.run(image.shell(script))
        #expect(exit == .exited(0))
        #expect(output == (1...100_000).map(String.init) + ["\u{FFFD}last"])
    }

    @Test("A whole file system is its own root, read-only but for the app")
    func ownSystem() async throws {
        // The smallest system: a shell and the libraries that it names.
        let copy = "mkdir \(image.root)/etc; cp --parents -L /bin/sh $(ldd /bin/sh | grep -o '/[^ ]*') \(image.root)"
        #expect(
            try await Command("sh", ["-c", copy], environment: basic).capture(deadline: .seconds(150)).status.isSuccess)
        let names = Set(ProcFile.names(in: image.root)).union(["dev", "proc", "tmp"])
        var spec = image.shell("echo * ; echo x > /bin/x; echo x > file && echo y > /tmp/y && echo written")
        spec.hasOwnSystem = true
        spec.workingDirectory = "/"
        let (_, refused) = try await runtime.run(spec)
        #expect(names.isSuperset(of: ["app", "bin", "etc", "lib"]))
        #expect(refused.first == names.sorted().joined(separator: " "))
        spec.workingDirectory = "/app"
        let (exit, output) = try await runtime.run(spec)
        #expect(exit == .exited(0))
        #expect(output.last == "written")
        #expect(output.contains { $0.contains("Read-only file system") })
    }

    @Test("In a whole file system without /app its working directory is what may be written")
    func ownWorkingDirectory() async throws {
        let copy =
            "mkdir -p \(image.root)/srv/api; rmdir \(image.root)/app; "
            + "cp --parents -L /bin/sh $(ldd /bin/sh | grep -o '/[^ ]*') \(image.root)"
        #expect(
            try await Command("sh", ["-c", copy], environment: basic).capture(deadline: .seconds(150)).status.isSuccess)
        var spec = image.shell("echo x > file && echo written; echo x > /bin/x")
        spec.hasOwnSystem = true
        spec.workingDirectory = "/srv/api"
        let (_, output) = try await runtime.run(spec)
        #expect(output.first == "written")
        #expect(output.contains { $0.contains("Read-only file system") })
        #expect(image.read("srv/api/file") == "x\n")
        for outside in ["/srv/../../x", "/srv/link"] {
            symlink("/", "\(image.root)/srv/link")
            spec.workingDirectory = outside
            let error = await #expect(throws: RuntimeError.self) { try await runtime.run(spec) }
            #expect(error?.kind == .imageUnusable)
        }
    }

    @Test("An image cannot reach out of itself by links", arguments: ["app", "tmp"])
    func links(name: String) async throws {
        rmdir("\(image.root)/\(name)")
        #expect(symlink("/root", "\(image.root)/\(name)") == 0)
        var spec = image.shell("true")
        spec.hasOwnSystem = true
        let error = await #expect(throws: RuntimeError.self) { try await runtime.run(spec) }
        #expect(error?.kind == .imageUnusable)
    }

    @Test("A missing bubblewrap is named with the way to get it")
    func missing() async throws {
        let bare = SandboxRuntime(environment: ["PATH": image.root], hidden: [])
        let error = await #expect(throws: RuntimeError.self) { try await bare.run(image.shell("true")) }
        #expect(error?.kind == .sandboxMissing)
        #expect(error?.hint == "apt-get install bubblewrap")
    }

    @Test("A bubblewrap that gives no answer is told in words")
    func noAnswer() {
        let late = SandboxRuntime.unproven(ProcessError(.timedOut(.seconds(60)), command: "bwrap"))
        #expect(late == RuntimeError(.notStarted, detail: "'bwrap' did not make a sandbox within 60 s"))
        let broken = SandboxRuntime.unproven(ProcessError(.launchFailed, command: "bwrap", detail: "no memory"))
        #expect(broken == RuntimeError(.notStarted, detail: "'bwrap' cannot be started: no memory"))
    }

    @Test("A machine without user namespaces says so")
    func forbidden() async throws {
        try image.write(
            "#!/bin/sh\necho 'bwrap: No permissions to create new namespace' >&2; exit 1", to: "bwrap", mode: 0o755)
        let locked = SandboxRuntime(environment: ["PATH": image.root], hidden: [])
        let error = await #expect(throws: RuntimeError.self) { try await locked.run(image.shell("true")) }
        #expect(error?.kind == .namespacesForbidden)
        #expect(error?.detail.hasSuffix("bwrap: No permissions to create new namespace") == true)
    }
}
