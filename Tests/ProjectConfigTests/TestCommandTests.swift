import Testing

@testable import ProjectConfig

struct TestCommandTests {
    @Test(
        "Each kind of project is recognised by what its own tool needs",
        arguments: [
            (["Package.swift": "", "Tests/A.swift": ""], "swift test"),
            (["package.json": #"{"scripts": {"test": "jest"}}"#], "npm test"),
            (["tests/test_a.py": ""], "pytest"),
            (["pyproject.toml": "[tool.pytest.ini_options]\n"], "pytest"),
            (["go.mod": "module a\n"], "go test ./..."),
            (["Cargo.toml": ""], "cargo test"),
            (["pom.xml": ""], "mvn test"),
            (["Makefile": "all:\n\ntest: all\n\ttrue\n"], "make test"),
            (["app.json": #"{"scripts": {"test": "bin/test"}}"#], "bin/test"),
        ])
    func found(files: [String: String], command: String) {
        #expect(TestCommand.detect(in: FakeFiles(files.map { "\($0.key)=\($0.value)" }))?.check.run == command)
    }

    @Test(
        "What only looks like tests is none",
        arguments: [
            ["Package.swift": ""],
            ["package.json": #"{"scripts": {"test": "echo \"Error: no test specified\" && exit 1"}}"#],
            ["package.json": "broken"],
            ["app.py": "", "contest.py": ""],
            ["Makefile": "tests:\n\ttrue\ntest := 1\n"],
            ["app.json": #"{"scripts": {"test": " "}}"#],
            [:],
        ])
    func notFound(files: [String: String]) {
        #expect(TestCommand.detect(in: FakeFiles(files.map { "\($0.key)=\($0.value)" })) == nil)
    }

    @Test("A tool's own command is told from a text of the project")
    func common() {
        #expect(TestCommand.isCommon("npm test"))
        #expect(!TestCommand.isCommon("bin/test"))
    }
}

struct HookSettingsTests {
    @Test("Every key of a check is read, and the short form is a command")
    func keys() throws {
        let text = """
            hooks:
              pre-push:
                short: make test
                long:
                  run: make lint
                  timeout: 5m
                  group: fast
                  files: ["*.c", "src/"]
                  environment: { CI: 1 }
                  remotes: ["**"]
                  branches: [main]
                  caches: [vendor/x/]
            """
        let checks = try #require(try ProjectConfig.parse(text).hooks["pre-push"])
        #expect(checks.map(\.name) == ["short", "long"])
        #expect(checks[0] == Check(name: "short", run: "make test"))
        #expect(checks[1].timeoutSeconds == 300)
        #expect(checks[1].commandLine == "CI=1 make lint")
        #expect(checks[1].files.map { $0.matches("deep/a.c") } == [true, false])
        #expect(checks[1].files.map { $0.matches("src/deep/a.h") } == [false, true])
        #expect(checks[1].remotes.allSatisfy { $0.matches("https://example.org/x.git") })
        #expect(checks[1].caches == ["vendor/x"])
    }

    @Test(
        "What cannot be meant is refused with its place",
        arguments: [
            ("hooks:\n  pre-psh: {a: b}", "did you mean 'pre-push'?"),
            ("hooks:\n  pre-push: {a: {rum: b}}", "did you mean 'run'?"),
            ("hooks:\n  pre-push: {a: {run: b, caches: ['../x']}}", "cannot be a path in 'hooks.pre-push.a.caches'"),
            ("hooks:\n  pre-push: {a: {run: b, timeout: 0}}", "must be a time"),
            ("hooks:\n  pre-push: {}", "names no check"),
        ])
    func refused(text: String, part: String) {
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse(text) }
        #expect(error?.message.contains(part) == true, "\(error?.message ?? "")")
    }

    @Test("A user's own checks replace, add and switch off")
    func local() throws {
        let local = try LocalChecks.parse("hooks: {pre-push: {lint: off, unit: mine, extra: more}}")
        let applied = local.applied(to: [Check(name: "lint", run: "a"), Check(name: "unit", run: "b")], of: "pre-push")
        #expect(applied.map(\.run) == ["a", "mine", "more"])
        #expect(local.off == ["pre-push": ["lint"]])
    }
}
