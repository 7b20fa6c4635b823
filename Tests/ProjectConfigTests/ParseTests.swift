import Testing

@testable import ProjectConfig

struct ParseTests {
    @Test("a file with everything on it is read")
    func everything() throws {
        let config = try ProjectConfig.parse(
            """
            app: api
            image:
              base: debian:12-slim
              exclude: [docs/, "*.md"]
              max-layers: 40
              entrypoint: [./run, "-v"]
              ports: [8080, 9090]
              labels: {team: a}
              annotations: {org.example.tier: 2}
              blob-times: public
              created: commit
              compression: zstd
              environment: {LANG: C.UTF-8, WORKERS: 4, DEBUG: no, EMPTY: ""}
            processes:
              web: python3 app.py
              worker: |
                set -e
                python3 worker.py
            port: 8080
            health: {path: /up, timeout: 2m}
            release: python3 migrate.py
            grace: 45s
            environments:
              production: {branches: [main], protected: true, required-tests: true}
              staging: {branches: release/*, targets: ["https://eu.example/acme/api", "bim::https://us.example/acme/api"]}
            hooks:
              pre-push:
                tests: {run: make test, timeout: 300}
                lint: make lint
            registry: ghcr.io/acme/api
            build: { builder: dockerfile }
            artifact: zip
            """)
        #expect(config == (try Self.expected()))
    }

    private static func expected() throws -> ProjectConfig {
        var config = ProjectConfig()
        config.app = "api"
        config.image.base = "debian:12-slim"
        config.image.exclude = ["docs/", "*.md"]
        config.image.entrypoint = ["./run", "-v"]
        config.image.ports = [8080, 9090]
        config.image.labels = ["team": "a"]
        config.image.annotations = ["org.example.tier": "2"]
        config.image.blobTimes = ["public"]
        config.image.isOfCommit = true
        config.image.maximumLayers = 40
        config.image.compression = .zstd
        config.image.environment = ["LANG": "C.UTF-8", "WORKERS": "4", "DEBUG": "no", "EMPTY": ""]
        config.processes = [
            ProcessType(name: "web", command: "python3 app.py"),
            ProcessType(name: "worker", command: "set -e\npython3 worker.py"),
        ]
        config.port = 8080
        config.health.path = "/up"
        config.health.timeoutSeconds = 120
        config.releaseCommand = "python3 migrate.py"
        config.graceSeconds = 45
        config.environments = [
            EnvironmentRule(
                name: "production", branches: [try #require(BranchPattern("main"))], protected: true,
                requiredTests: true),
            EnvironmentRule(
                name: "staging", branches: [try #require(BranchPattern("release/*"))],
                targets: ["https://eu.example/acme/api", "bim::https://us.example/acme/api"]),
        ]
        config.hooks = [
            "pre-push": [
                Check(name: "tests", run: "make test", timeoutSeconds: 300), Check(name: "lint", run: "make lint"),
            ]
        ]
        config.registry = "ghcr.io/acme/api"
        config.build.builder = .dockerfile
        config.artifact = .zip
        return config
    }

    @Test(
        "a file that says nothing means the defaults",
        arguments: [
            "", "\n", "# nothing yet\n", "---\n", "~", "{}", "x-team: acme", "\u{FEFF}", "x-a: {b: [1, {c: d}]}",
        ])
    func empty(text: String) throws {
        #expect(try ProjectConfig.parse(text) == .default)
    }

    @Test("the defaults are those of the documentation")
    func defaults() {
        #expect(ProjectConfig.default.health.timeoutSeconds == 60)
        #expect(ProjectConfig.default.graceSeconds == 30)
        #expect(Check(name: "a", run: "b").timeoutSeconds == 600)
    }

    @Test(
        "keys that begin with x- are free at every level",
        arguments: [
            "x-a: 1", "image: {x-a: 1}", "image: {environment: {x-a: [1]}}", "processes: {x-a: 1, web: a}",
            "health: {x-a: }",
            "environments: {x-a: 1}", "environments: {staging: {x-a: 1}}", "hooks: {x-a: 1}",
            "hooks: {pre-push: {x-a: 1, t: a}}", "hooks: {pre-push: {t: {run: a, x-a: 1}}}",
        ])
    func freeKeys(text: String) throws {
        #expect(throws: Never.self) { try ProjectConfig.parse(text) }
        #expect(throws: ConfigError.self) { try ProjectConfig.parse(text.replacing("x-a", with: "y-a: 1, Z_")) }
    }

    @Test(
        "times may have a unit",
        arguments: [
            ("30", 30), ("30s", 30), ("5m", 300), ("1m", 60), ("\"10s\"", 10), ("1", 1), ("300", 300),
        ])
    func times(text: String, seconds: Int) throws {
        #expect(try ProjectConfig.parse("grace: \(text)").graceSeconds == seconds)
    }

    @Test(
        "truth values are YAML's",
        arguments: [
            ("true", true), ("yes", true), ("On", true), ("false", false), ("no", false), ("OFF", false),
        ])
    func booleans(text: String, value: Bool) throws {
        let config = try ProjectConfig.parse("environments: {staging: {protected: \(text)}}")
        #expect(config.environments.first?.protected == value)
    }

    @Test(
        "what looks like another type is text when it is quoted",
        arguments: [
            ("\"123\"", "123"), ("'true'", "true"), ("!!str 123", "123"), ("\"null\"", "null"), ("|\n  yes\n", "yes"),
            ("10s", "10s"), ("a: b".replacing(": ", with: ":"), "a:b"),
        ])
    func quotedText(text: String, value: String) throws {
        #expect(try ProjectConfig.parse("release: \(text)").releaseCommand == value)
    }

    @Test("anchors, aliases and merge keys are followed")
    func anchors() throws {
        let config = try ProjectConfig.parse(
            """
            x-check: &slow
              timeout: 20m
              run: make test
            x-command: &command make *.c
            release: *command
            hooks:
              pre-push:
                unit: *slow
                lint: {<<: *slow, run: make lint}
                all: {<<: [{run: make all}, *slow]}
            """)
        #expect(config.releaseCommand == "make *.c")
        #expect(
            config.hooks["pre-push"] == [
                Check(name: "unit", run: "make test", timeoutSeconds: 1200),
                Check(name: "lint", run: "make lint", timeoutSeconds: 1200),
                Check(name: "all", run: "make all", timeoutSeconds: 1200),
            ])
    }

    @Test("an environment without branches has those of its name")
    func impliedBranches() throws {
        let config = try ProjectConfig.parse(
            "environments: {production: {protected: true}, staging: {}, qa: {branches: []}}")
        #expect(config.environments.map { $0.branches.map(\.text) } == [["main", "master"], ["staging"], []])
    }

    @Test("line ends may be CRLF")
    func lineEnds() throws {
        let config = try ProjectConfig.parse("app: api\r\nport: 80\r\n")
        #expect(config.app == "api")
        #expect(config.port == 80)
    }
}
