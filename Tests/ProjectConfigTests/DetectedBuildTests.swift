import Testing

@testable import ProjectConfig

/// Builds that follow from the files alone.
struct DetectedBuildTests {
    @Test(
        "What an app's files say of its build",
        arguments: [
            (["package.json={\"dependencies\":{\"a\":\"1\"}}", "package-lock.json"], ["npm ci --no-audit --no-fund"]),
            (["package.json={\"dependencies\":{\"a\":\"1\"}}"], ["npm install --no-audit --no-fund"]),
            (
                [
                    "package.json={\"devDependencies\":{\"a\":\"1\"},\"scripts\":{\"build\":\"x\"}}",
                    "package-lock.json",
                ],
                ["npm ci --no-audit --no-fund", "npm run build", "npm prune --omit=dev --no-audit --no-fund"]
            ),
            (
                ["package.json={\"dependencies\":{\"a\":\"1\"},\"scripts\":{\"build\":\"x\"}}", "yarn.lock"],
                ["yarn install --frozen-lockfile", "yarn run build"]
            ),
            (["package.json={\"scripts\":{\"build\":\"x\"}}", "node_modules/a"], ["npm run build"]),
            (["go.mod=module example.org/acme/api", "main.go"], ["go build -trimpath -buildvcs=false -o bin/api ."]),
            (["go.mod=module a", "cmd/web/main.go"], ["go build -trimpath -buildvcs=false -o bin/web ./cmd/web"]),
            (
                ["Cargo.toml=[workspace]\n[package]\nname = \"api\"\n", "Cargo.lock"],
                ["cargo build --release --locked && install -D -t bin target/release/api"]
            ),
        ] as [([String], [String])])
    func steps(files: [String], commands: [String]) {
        #expect(DetectedBuild.find(in: FakeFiles(files))?.steps.map(\.run) == commands)
    }

    @Test(
        "Nothing is built where the commit holds everything",
        arguments: [
            ["app.py"], ["package.json={\"scripts\":{\"start\":\"node a.js\"}}"], ["package.json={"],
            ["package.json={\"dependencies\":{\"a\":\"1\"}}", "node_modules/a/index.js"],
            ["requirements.txt=# none\n"], ["requirements.txt=bottle\n", "vendor/bottle.py"],
            ["Package.swift=.executable(name: \"A\")", "*bin/A"], ["Package.swift=.target(name: \"A\")"],
            ["go.mod=module a"], ["go.mod=module a", "main.go", "*bin/a"], ["Cargo.toml=[workspace]"],
        ])
    func nothing(files: [String]) {
        #expect(DetectedBuild.find(in: FakeFiles(files)) == nil)
    }

    @Test("Python's packages go beside the app, which finds them there")
    func python() throws {
        let build = try #require(DetectedBuild.find(in: FakeFiles(["app.py", "requirements.txt=bottle==0.13.4\n"])))
        #expect(build.steps.first?.run.hasSuffix("--target vendor --requirement requirements.txt") == true)
        #expect(build.steps.first?.inputs == ["requirements.txt"])
        #expect(build.environment["PYTHONPATH"] == "/app/vendor")
        #expect(build.web == nil)
        let local = DetectedBuild.find(in: FakeFiles(["requirements.txt=./lib\n"]))
        #expect(local?.steps.first?.inputs == [])
        let project = DetectedBuild.find(in: FakeFiles(["pyproject.toml=[project]\ndependencies = ['a']"]))
        #expect(project?.steps.first?.run.hasSuffix("--target vendor .") == true)
    }

    @Test("Packages are installed again when their list changes, unless the project has a part in it")
    func inputs() {
        func inputs(_ manifest: String) -> [String]? {
            DetectedBuild.find(in: FakeFiles(["package.json=\(manifest)", "package-lock.json"]))?.steps[0].inputs
        }
        #expect(inputs(#"{"dependencies":{"a":"1"}}"#) == ["package.json", "package-lock.json"])
        #expect(inputs(#"{"dependencies":{"a":"file:lib"}}"#) == [])
        #expect(inputs(#"{"dependencies":{"a":"1"},"scripts":{"postinstall":"node x"}}"#) == [])
    }

    @Test("A Swift package's programs are read from its manifest, and the one that serves is run")
    func swift() throws {
        let manifest = """
            products: [.executable(name: "tool", targets: ["Tool"]), .executable(
                name: "Server", targets: ["S"]), .library(name: "L")],
            targets: [.executableTarget(name: "Tool")]
            """
        #expect(DetectedBuild.programs(inManifest: manifest) == ["tool", "Server"])
        #expect(DetectedBuild.programs(inManifest: #".executableTarget(name: "Hello", path: "a")"#) == ["Hello"])
        let build = try #require(DetectedBuild.find(in: FakeFiles(["Package.swift=\(manifest)"])))
        #expect(build.web == "./bin/Server")
        #expect(build.tools == ["swift"])
    }

    @Test("The command that a build makes is run, unless the project says its own")
    func command() throws {
        let files = FakeFiles(["Cargo.toml=[package]\nname = \"api\"", "Procfile=web: ./bin/api --fast"])
        let build = DetectedBuild.find(in: FakeFiles(["Cargo.toml=[package]\nname = \"api\""]))
        let plan = try RunCommand.resolve(config: .default, files: FakeFiles(["Cargo.toml"]), build: build)
        #expect(plan == RunPlan(processes: [.init(name: "web", command: "./bin/api")], origin: "detected: Cargo.toml"))
        #expect(
            try RunCommand.resolve(config: .default, files: files, build: build).processes.map(\.command)
                == ["./bin/api --fast"])
        #expect(try RunCommand.declared(config: .default, files: FakeFiles(["app.py"])).processes.isEmpty)
    }
}
