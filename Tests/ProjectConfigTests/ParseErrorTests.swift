import Testing

@testable import ProjectConfig

struct ParseErrorTests {
    @Test("an error names file, line, key and cure")
    func fields() {
        let error = #expect(throws: ConfigError.self) {
            try ProjectConfig.parse("app: api\n\nhealth:\n  path: /up\n  timeot: 30\n", file: "sub/bim.yml")
        }
        #expect(
            error
                == ConfigError(
                    file: "sub/bim.yml", line: 5, key: "health.timeot", problem: "unknown key 'timeot' in 'health'",
                    suggestion: "did you mean 'timeout'?"))
        #expect(error?.message == "sub/bim.yml:5: unknown key 'timeot' in 'health'; did you mean 'timeout'?")
    }

    @Test(
        "every mistake has its sentence",
        arguments: [
            ("\n\nproceses: {}", "bim.yml:3: unknown key 'proceses'; did you mean 'processes'?"),
            ("env: {}", "bim.yml:1: unknown key 'env'; did you mean 'environments'?"),
            ("release-command: a", "bim.yml:1: unknown key 'release-command'; did you mean 'release'?"),
            (
                "health:\n  colour: red",
                "bim.yml:2: unknown key 'colour' in 'health'; the keys here are 'path', 'timeout'"
            ),
            ("hooks: {pre_push: {a: b}}", "bim.yml:1: unknown key 'pre_push' in 'hooks'; did you mean 'pre-push'?"),
            (
                "app: API",
                "bim.yml:1: 'API' cannot be an app name; use at most 40 lower-case letters, digits and hyphens, no hyphen first or last"
            ),
            ("app: 12", "bim.yml:1: 'app' must be text; put it in quotes: \"12\""),
            ("release: true", "bim.yml:1: 'release' must be text; put it in quotes: \"true\""),
            ("app:", "bim.yml:1: 'app' has no value"),
            ("release: ''", "bim.yml:1: 'release' is empty"),
            ("app: [a]", "bim.yml:1: 'app' must be text"),
            ("release: \"a\\0b\"", "bim.yml:1: 'release' holds a NUL"),
            ("port: http", "bim.yml:1: 'port' must be a whole number from 1 to 65535"),
            ("port: 0", "bim.yml:1: 'port' must be a whole number from 1 to 65535"),
            ("port: 65536", "bim.yml:1: 'port' must be a whole number from 1 to 65535"),
            ("port: 080", "bim.yml:1: 'port' must be a whole number from 1 to 65535"),
            ("port: 99999999999999999999", "bim.yml:1: 'port' must be a whole number from 1 to 65535"),
            ("port: '80'", "bim.yml:1: 'port' must be a whole number from 1 to 65535"),
            ("port: [80]", "bim.yml:1: 'port' must be a number"),
            ("grace: 0", "bim.yml:1: 'grace' must be a time from 1 to 300 seconds; write it as 30, 30s or 5m"),
            ("grace: 301", "bim.yml:1: 'grace' must be a time from 1 to 300 seconds; write it as 30, 30s or 5m"),
            ("grace: 1h", "bim.yml:1: 'grace' must be a time from 1 to 300 seconds; write it as 30, 30s or 5m"),
            ("grace: 5 m", "bim.yml:1: 'grace' must be a time from 1 to 300 seconds; write it as 30, 30s or 5m"),
            ("grace: m", "bim.yml:1: 'grace' must be a time from 1 to 300 seconds; write it as 30, 30s or 5m"),
            ("grace: 999999999h", "bim.yml:1: 'grace' must be a time from 1 to 300 seconds; write it as 30, 30s or 5m"),
            ("health: /up", "bim.yml:1: 'health' must be a mapping of keys to values"),
            ("health: {path: up}", "bim.yml:1: 'health.path' must begin with '/'; write '/up'"),
            ("health: {path: /a b}", "bim.yml:1: 'health.path' must not hold white space"),
            ("image:\n  max-layers: 128", "bim.yml:2: 'image.max-layers' must be a whole number from 1 to 127"),
            ("image:\n  ports: [80, 0]", "bim.yml:2: 'image.ports' must be a whole number from 1 to 65535"),
            ("image: {compression: xz}", "bim.yml:1: 'image.compression' must be 'gzip' or 'zstd'"),
            ("image: {created: never}", "bim.yml:1: 'image.created' must be 'tree' or 'commit'"),
            ("image: {exclude: {a: b}}", "bim.yml:1: 'image.exclude' must be text"),
            (
                "image:\n  exclude:\n    - a\n    - 5",
                "bim.yml:4: 'image.exclude' must be text; put it in quotes: \"5\""
            ),
            (
                "image: {environment: {A-B: c}}",
                "bim.yml:1: 'A-B' cannot be a variable's name; use letters, digits and '_', no digit first"
            ),
            (
                "image: {environment: {1A: c}}",
                "bim.yml:1: '1A' cannot be a variable's name; use letters, digits and '_', no digit first"
            ),
            (
                "image: {environment: {A: }}",
                "bim.yml:1: 'image.environment.A' has no value; write \"\" for an empty text"
            ),
            ("image: {environment: {A: [b]}}", "bim.yml:1: 'image.environment.A' must be a single value"),
            ("processes: {}", "bim.yml:1: 'processes' names no process type"),
            ("processes: web", "bim.yml:1: 'processes' must be a mapping of keys to values"),
            (
                "processes:\n  Web_Server: a",
                "bim.yml:2: 'Web_Server' cannot be a process type's name; did you mean 'web-server'?"
            ),
            (
                "processes: {release: a}",
                "bim.yml:1: 'release' is no process type; write 'release' at the top of the file"
            ),
            (
                "environments:\n  Prod:\n    protected: true",
                "bim.yml:2: 'Prod' cannot be an environment's name; use at most 40 lower-case letters, digits and hyphens, no hyphen first or last"
            ),
            ("environments: {a: {protected: 1}}", "bim.yml:1: 'environments.a.protected' must be true or false"),
            (
                "environments: {a: {branches: refs/heads/a}}",
                "bim.yml:1: 'refs/heads/a' cannot be a branch; write a branch name or a pattern such as 'release/*'"
            ),
            ("hooks: {pre-push: {}}", "bim.yml:1: 'hooks.pre-push' names no check"),
            ("hooks: {pre-push: {t: {timeout: 5}}}", "bim.yml:1: 'hooks.pre-push.t' needs the key 'run'"),
            (
                "hooks: {pre-push: {t: {run: a, timeout: 0}}}",
                "bim.yml:1: 'hooks.pre-push.t.timeout' must be a time from 1 to 86400 seconds; write it as 30, 30s or 5m"
            ),
            (
                "registry: https://me:secret@ghcr.io",
                "bim.yml:1: 'registry' must not hold credentials; use docker login or a credential helper"
            ),
            ("- app", "bim.yml:1: the file must be a mapping of keys to values"),
            ("app", "bim.yml:1: the file must be a mapping of keys to values"),
            ("app: a\nport: 1\nport: 2", "bim.yml:2: the key 'port' is there twice, first here"),
            ("app: [\n", "bim.yml:2: broken YAML, did not find expected node content"),
            ("app: a\n\tport: 1", "bim.yml:2: broken YAML, found a tab character that violates indentation"),
            ("app: a\nport: *p", "bim.yml:2: broken YAML, found undefined alias"),
            ("app: a\n---\napp: b", "bim.yml:2: broken YAML, but found another document"),
            ("app: a\nrelease: b\u{7}", "bim.yml:2: broken YAML, control characters are not allowed"),
            ("? [a]\n: b", "bim.yml:1: a key must be plain text"),
            (
                "\"\\e[31mred\": 1",
                "bim.yml:1: unknown key '?[31mred'; the keys here are 'app', 'image', 'processes', 'port', 'health', 'release', 'grace', 'environments', 'hooks', 'registry', 'build', 'artifact', 'deploy'"
            ),
        ])
    func messages(text: String, message: String) {
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse(text) }
        #expect(error?.message == message)
    }

    @Test(
        "two environments cannot claim one branch",
        arguments: [
            ("a: {branches: [x, main]}\n  b: {branches: [main]}", "'a' and 'b' both claim the branch 'main'"),
            (
                "production: {protected: true}\n  b: {branches: [master]}",
                "'production' and 'b' both claim the branch 'master'"
            ),
            ("a: {branches: b}\n  b: {protected: true}", "'a' and 'b' both claim the branch 'b'"),
            ("a: {branches: 'r/*'}\n  b: {branches: 'r/*'}", "'a' and 'b' both claim the branch 'r/*'"),
            (
                "a: {branches: 'r/*'}\n  b: {branches: '**/v1'}",
                "'a' and 'b' both claim branches that match 'r/*' as well as '**/v1'"
            ),
        ])
    func claims(rules: String, problem: String) {
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse("environments:\n  \(rules)") }
        #expect(error?.problem == problem)
        #expect(error?.line == 3)
        #expect(error?.suggestion == "give every branch to one environment")
    }

    @Test("a name and a pattern of another environment may meet")
    func nameBeatsPattern() throws {
        let text = "environments: {a: {branches: release/1}, b: {branches: ['release/*', release/1x]}}"
        #expect(try ProjectConfig.parse(text).environments.count == 2)
    }
}
