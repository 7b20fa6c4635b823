import Artifacts
import Foundation
import ProcessRunner
import ProjectConfig
import Testing

@testable import Builders

/// Dagger's command line, as a stand-in of ours understands it: `Tests/Peers/dagger-stand-in.py`. Dagger itself has no part in
/// these tests.
struct DaggerBuilderTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        let standIn = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Peers/dagger-stand-in.py").path
        try workshop.run(
            """
            mkdir bin && ln -s '\(standIn)' bin/dagger
            git init -q -b main app && cd app
            printf 'one\\n' > a.txt; printf '{}' > dagger.json
            printf 'import os, sys\\nassert sys.path[0] != os.getcwd(), "shadowed"\\n' > dagger.py
            printf 'import urllib.request, base64, shutil\\nport = os.environ["DAGGER_SESSION_PORT"]\\n' >> dagger.py
            printf 'token = base64.b64encode((os.environ["DAGGER_SESSION_TOKEN"] + ":").encode()).decode()\\n' >> dagger.py
            printf 'request = urllib.request.Request(f"http://127.0.0.1:{port}/query", b"{}", {"Authorization": "Basic " + token})\\n' >> dagger.py
            printf 'urllib.request.urlopen(request)\\nos.mkdir(os.environ["BIM_OUTPUT"])\\n' >> dagger.py
            printf 'shutil.copy("a.txt", os.environ["BIM_OUTPUT"] + "/made.txt")\\n' >> dagger.py
            git add -A && git commit -qm one; touch uncommitted.txt
            """)
    }

    private func build(
        _ yaml: String, story: Story = Story(), _ more: [String: String] = [:]
    ) async throws -> BuildResult {
        let own = [
            "PATH": "\(workshop.folder)/bin:/usr/bin:/bin", "STAND_IN_RECORD": "\(workshop.folder)/record",
            "GIT_DIR": "\(workshop.folder)/app/.git", "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1",
        ]
        let request = try workshop.request("app", environment: own.merging(more) { $1 })
        return try await DaggerBuilder(
            try ProjectConfig.parse(yaml).build, packer: OwnBuilder(cache: try workshop.cache()),
            cache: try workshop.cache()
        ).build(request, onEvent: story.hear)
    }

    private struct Call: Decodable {
        let arguments: [String]
        let cwd: String
        let environment: [String: String]
    }

    private func calls() throws -> [Call] {
        try String(contentsOfFile: "\(workshop.folder)/record", encoding: .utf8).split(separator: "\n").map {
            try JSONDecoder().decode(Call.self, from: Data($0.utf8))
        }
    }

    @Test("A function gets the commit's files and returns an image, in both spellings", arguments: ["0", "1"])
    func function(version: String) async throws {
        let result = try await build(
            "build: {dagger: {test: test, module: ./ci, call: image, arguments: [--level=2]}}",
            ["STAND_IN_VERSION": version, "_EXPERIMENTAL_DAGGER_RUNNER_HOST": "tcp://engine"])
        #expect(try await workshop.files(result.artifact).sorted() == ["a.txt", "dagger.json", "dagger.py"])
        #expect(result.ranTests)
        #expect(result.definition.buildType == "https://backend.im/dagger/v1")
        let calls = try calls()
        let last = try #require(calls.last)
        #expect(
            last.arguments.starts(
                with: ["--progress=plain", "-m", "./ci"] + (version == "1" ? ["api"] : []) + ["call", "image"]))
        #expect(last.arguments.contains("--level=2"))
        #expect(last.environment["DAGGER_NO_NAG"] == "1" && last.environment["DO_NOT_TRACK"] == "1")
        #expect(last.environment["_EXPERIMENTAL_DAGGER_RUNNER_HOST"] == "tcp://engine")
        #expect(last.environment["GIT_DIR"] == nil)
        #expect(last.cwd.contains("/bim/builds/"))
        #expect(calls.count == (version == "1" ? 4 : 2))
    }

    @Test("A function that returns a folder has it packaged as the own builder does")
    func folder() async throws {
        let result = try await build("build: {dagger: {}}", ["STAND_IN_RETURNS": "directory"])
        #expect(try await workshop.files(result.artifact) == ["a.txt", "dagger.json", "dagger.py"])
        #expect(try await workshop.text("a.txt", in: result.artifact) == "one\n")
    }

    @Test(
        "A script called dagger.py runs inside a session, and does not hide the package of that name",
        arguments: ["0", "1"])
    func script(version: String) async throws {
        let story = Story()
        let result = try await build(
            "build: {dagger: {script: dagger.py}}", story: story, ["STAND_IN_VERSION": version])
        #expect(try await workshop.files(result.artifact) == ["made.txt"], "\(story.told)")
        #expect(try #require(try calls().last).arguments.suffix(3) == ["python3", "-P", "dagger.py"])
    }

    @Test(
        "What goes wrong has its own kind",
        arguments: [
            ("exec", BuildFailure.Kind.command(step: "dagger call build", status: .exited(42))),
            (
                "engine",
                .unavailable(
                    tool: "dagger",
                    said: "Error: start engine: failed to run container: Cannot connect to the Docker daemon")
            ),
            ("nothing", .unusable("Dagger says that it is done and has exported nothing")),
            ("hang", .timedOut(step: "dagger call build", limit: .seconds(1), isTest: false)),
        ])
    func faults(fault: String, kind: BuildFailure.Kind) async throws {
        let failure = await #expect(throws: BuildFailure.self) {
            try await build("build: {timeout: \(fault == "hang" ? 1 : 60), dagger: {}}", ["STAND_IN_FAULT": fault])
        }
        #expect(failure?.kind == kind)
        #expect(failure?.log != nil)
    }

    @Test("A cut archive, an image for another system and a failing test are told apart")
    func results() async throws {
        let cut = await #expect(throws: BuildFailure.self) {
            try await build("build: {dagger: {}}", ["STAND_IN_FAULT": "truncated"])
        }
        if case .unusable = cut?.kind {} else { Issue.record("\(String(describing: cut))") }
        let other = await #expect(throws: BuildFailure.self) {
            try await build("build: {dagger: {}}", ["STAND_IN_ARCHITECTURE": "riscv64"])
        }
        #expect(other?.kind == .platform(wanted: .init(os: "linux", architecture: "amd64"), made: "linux/riscv64"))
        let test = await #expect(throws: BuildFailure.self) {
            try await build("build: {dagger: {test: test}}", ["STAND_IN_TEST": "fails"])
        }
        #expect(test?.kind == .test(step: "dagger call test", status: .exited(42)))
        let missing = await #expect(throws: BuildFailure.self) {
            try await build("build: {dagger: {}}", ["PATH": "/usr/bin:/bin"])
        }
        #expect(missing?.kind == .toolMissing(["dagger"]))
    }
}
