import Foundation
import Glibc
import Testing

/// Folders that cannot be written, full disks, damaged files and ports that are taken.
struct BrokenMachineTests {
    private let sandbox: Sandbox

    init() throws { sandbox = try Sandbox() }

    @Test(
        "A folder that cannot be made is named, with what to set instead",
        arguments: ["XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"])
    func unwritable(_ variable: String) async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        // Below a file nobody can make a folder, root included.
        let blocked = "\(sandbox.root)/file"
        try Data().write(to: URL(fileURLWithPath: blocked))
        let push = try await project.push("main", [variable: "\(blocked)/below"])
        #expect(push.status != 0, "\(push)")
        #expect(push.stderr.contains("\(blocked)/below/bim"), "\(push)")
        let hint = push.stderr.split(separator: "\n").first { $0.hasPrefix("hint: ") }
        #expect(hint?.contains(variable) == true, "\(push)")
        try await project.push().success()
        #expect(try await project.answer() == "one")
    }

    @Test(
        "A full disk under the platform refuses the push, keeps the old release, and is mended by more room",
        .enabled(if: TinyDisk.isPossible || !Programs.mayBeMissing, "needs the right to mount"))
    func diskFull() async throws {
        let disk = try #require(TinyDisk(at: "\(sandbox.root)/disk", kilobytes: 3 << 10), "this process may not mount")
        let full = ["XDG_DATA_HOME": disk.path]
        let project = try await Project(in: sandbox)
        let good = try await project.commitApp(answering: "one")
        let first = try await project.push("main", full).success()
        let url = try #require(first.stderr.split(separator: " ").last { $0.hasPrefix("http://") })
        try project.write("app.py", SampleApp.answering("two"))
        var generator = SystemRandomNumberGenerator()
        let noise = Data((0..<(6 << 20) / 8).flatMap { _ in withUnsafeBytes(of: generator.next()) { Array($0) } })
        try noise.write(to: URL(fileURLWithPath: "\(project.folder)/noise"))
        try await project.commit("Grow")
        let push = try await project.push("main", full).failure()
        #expect(push.stderr.contains("(QUOTA: "), "\(push)")
        #expect(push.stderr.contains("\nhint: "), "\(push)")
        #expect(try await WebClient.get(String(url)).body == "one")
        #expect(try await project.git("ls-remote bim main", full).success().stdout.hasPrefix(good))
        try #require(disk.resize(kilobytes: 64 << 10))
        try await project.push("main", full).success()
        #expect(try await WebClient.get(String(url)).body == "two")
        try await project.git("bim platform stop", full).success()
    }

    @Test("A damaged ledger is named, and its copy brings everything back")
    func damagedLedger() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        let url = try await project.url()
        try await project.git("bim platform stop").success()
        let ledger = sandbox.platformFolder + "/ledger.sqlite"
        try Data(repeating: 0x42, count: 20_000).write(to: URL(fileURLWithPath: ledger))
        try await project.commitApp(answering: "two")
        let push = try await project.push()
        #expect(push.status != 0)
        #expect(push.stderr.contains("error: the ledger '\(ledger)' is damaged"), "\(push)")
        #expect(push.stderr.contains("hint: git bim platform start --restore-ledger"), "\(push)")
        try await project.git("bim platform start --restore-ledger").success()
        #expect(try await eventually("the release answers") { try? await WebClient.get(url) }.body == "one")
        try await project.push().success()
        #expect(try await WebClient.get(url).body == "two")
    }

    @Test("An environment whose port another program has taken says so, and comes back when the port is free")
    func portTaken() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        let url = try await project.url()
        let port = try #require(URLComponents(string: url)?.port)
        try await project.git("bim platform stop").success()
        let squatter = try sandbox.start([
            "python3", "-c", "import socket, time; s = socket.create_server(('127.0.0.1', \(port))); time.sleep(3600)",
        ])
        _ = try await eventually("the port is taken") { WebClient.isListening(port) ? true : nil }
        try await project.git("bim platform start").success()
        try await project.commitApp(answering: "two")
        let push = try await project.push().failure()
        #expect(push.stderr.contains("(PLATFORM_UNAVAILABLE: port \(port) of "), "\(push)")
        #expect(push.stderr.contains("hint: stop that program (ss -ltnp 'sport = :\(port)' names it)"), "\(push)")
        let status = try await project.git("bim status").success().stdout
        #expect(status.contains("problem: port \(port) is taken by another program"), "\(status)")
        squatter.kill(SIGKILL)
        let answer = try await eventually("the old release answers again") { try? await WebClient.get(url) }
        #expect(answer.body == "one")
        try await project.push().success()
        #expect(try await WebClient.get(url).body == "two")
    }

    @Test("A platform whose address file is damaged is not taken for a stopped one")
    func damagedAddress() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        let file = sandbox.platformFolder + "/endpoint.json"
        let address = try #require(FileManager.default.contents(atPath: file))
        try Data("{".utf8).write(to: URL(fileURLWithPath: file))
        let stop = try await project.git("bim platform stop").failure(75)
        #expect(stop.stderr.contains("the file with its address is missing or damaged"))
        try address.write(to: URL(fileURLWithPath: file))
        #expect(try await project.git("bim platform stop").success().stdout == "stopped\n")
    }

    @Test("A new environment does not take a port that another program has")
    func newEnvironmentAvoidsTakenPort() async throws {
        let project = try await Project(in: sandbox)
        try await project.commitApp(answering: "one")
        try await project.push().success()
        let url = try await project.url()
        let port = try #require(URLComponents(string: url)?.port)
        // The same app of another user of this machine.
        let other = ["XDG_DATA_HOME": "\(sandbox.root)/other"]
        let push = try await project.push("main", other).success()
        #expect(push.stderr.contains("live    http://127.0.0.1:"), "\(push)")
        #expect(!push.stderr.contains(":\(port) "), "\(push)")
        #expect(try await WebClient.get(url).body == "one")
        try await project.git("bim platform stop", other).success()
    }
}
