internal import Artifacts
internal import ProcessRunner
internal import Sandboxes

/// Where a step's command runs: a bubblewrap sandbox with the commit's files at `/app`, as at run time, so that paths
/// which tools write down are right in both and the same on every machine.
///
/// It sees a read-only system, the language tools of the pusher's `PATH`, the caches of this repository's builds and the
/// secrets that `bim.yml` names; no home, no other repository, no process of the outside.
struct BuildSandbox: Sendable {
    /// Programs that builds use and that may lie outside of `/usr`.
    private static let tools =
        HostTools.names + [
            "pip", "pip3", "uv", "npx", "yarn", "pnpm", "corepack", "gofmt", "cargo", "rustc", "mvn", "gradle", "make",
            "cmake", "composer", "mix", "gem",
        ]

    /// What the pusher's environment may say of package sources; values with a password in them stay outside.
    private static let passed = [
        "http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL", "PIP_DEFAULT_TIMEOUT", "npm_config_registry", "NPM_CONFIG_REGISTRY", "GOPROXY",
        "GOSUMDB",
        "GONOSUMDB", "GOFLAGS", "GOTOOLCHAIN",
    ]

    let environment: [String: String]
    /// The commit's files.
    let folder: String
    /// What tools keep from build to build.
    let caches: String
    let secrets: [String: String]
    let network: Bool
    /// False runs commands as the pusher, for who has said so in git's own configuration.
    let isClosed: Bool

    /// Proves that a sandbox can be made here.
    func check() async throws {
        guard isClosed else { return }
        guard let program = ExecutableLookup.find("bwrap", path: environment["PATH"]) else {
            throw BuildFailure(.sandbox("the program 'bwrap' is not installed"))
        }
        let probe = Command(
            program, HostSystem.isolation + ["--ro-bind", "/", "/", "--proc", "/proc", "--", "/bin/sh", "-c", ":"],
            environment: [:])
        let answer = try await probe.capture(deadline: .seconds(60))
        guard answer.status.isSuccess else {
            let said = answer.errorText.split(separator: "\n").joined(separator: "; ")
            throw BuildFailure(.sandbox("this machine does not allow user namespaces: \(said)"))
        }
    }

    /// The command that runs a step's command.
    func command(_ text: String, _ own: [String: String]) -> Command {
        guard isClosed else {
            var variables = CleanEnvironment.forCommands(from: environment)
            variables.merge(settings(caches: caches, home: environment["HOME"] ?? caches)) { $1 }
            for (name, path) in secrets { variables[SecretFiles.variable(name) + "_FILE"] = path }
            return Command(
                "/bin/sh", ["-c", text], environment: variables.merging(own) { $1 }, workingDirectory: folder)
        }
        let lent = HostTools.find(
            path: environment["PATH"], home: environment["HOME"], hidden: [], names: Self.tools)
        var variables = settings(caches: "/cache", home: "/home/build")
        variables["PATH"] = (lent.path + [ExecutableLookup.defaultPath]).joined(separator: ":")
        variables.merge(own) { $1 }
        let arguments =
            HostSystem.isolation + (network ? [] : ["--unshare-net"]) + ["--hostname", "build"]
            + HostSystem.arguments(hidden: []) + ["--ro-bind-try", "/etc/pip.conf", "/etc/pip.conf"]
            + ["--proc", "/proc", "--dev", "/dev", "--perms", "1777", "--tmpfs", "/tmp", "--dir", "/home/build"]
            + lent.folders.flatMap { ["--ro-bind", $0, $0] } + ["--bind", caches, "/cache", "--bind", folder, "/app"]
            + secrets.sorted { $0.key < $1.key }.flatMap { ["--ro-bind", $0.value, "/run/secrets/\($0.key)"] }
            + ["--chdir", "/app", "--clearenv"]
            + variables.sorted { $0.key < $1.key }.flatMap { ["--setenv", $0.key, $0.value] }
            + ["--", "/bin/sh", "-c", text]
        return Command("bwrap", arguments, environment: ["PATH": environment["PATH"] ?? ExecutableLookup.defaultPath])
    }

    /// Variables that make tools say the same everywhere and keep their caches in one place.
    private func settings(caches: String, home: String) -> [String: String] {
        var variables = environment.filter { name, value in Self.passed.contains(name) && !value.contains("@") }
        variables.merge([
            "HOME": home, "LANG": "C.UTF-8", "TZ": "UTC", "TERM": "dumb", "NO_COLOR": "1", "CI": "true",
            "SOURCE_DATE_EPOCH": "315532801", "PYTHONDONTWRITEBYTECODE": "1", "PYTHONUNBUFFERED": "1",
            "XDG_CACHE_HOME": caches, "PIP_CACHE_DIR": "\(caches)/pip", "npm_config_cache": "\(caches)/npm",
            "npm_config_update_notifier": "false", "YARN_CACHE_FOLDER": "\(caches)/yarn",
            "GOCACHE": "\(caches)/go-build", "GOMODCACHE": "\(caches)/go-mod", "CARGO_HOME": "\(caches)/cargo",
            "MAVEN_OPTS": "-Dmaven.repo.local=\(caches)/maven", "GRADLE_USER_HOME": "\(caches)/gradle",
        ]) { $1 }
        return variables
    }
}
