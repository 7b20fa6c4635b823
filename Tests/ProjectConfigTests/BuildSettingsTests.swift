import Testing

@testable import ProjectConfig

/// `build` in `bim.yml`.
struct BuildSettingsTests {
    @Test("Every key of build is read")
    func whole() throws {
        let config = try ProjectConfig.parse(
            """
            build:
              builder: steps
              steps:
                - npm ci
                - name: bundle
                  run: npm run build
                  inputs: [src/, ./package.json]
                  environment: { NODE_ENV: production }
                - test: npm test
              output: [dist, "*.json"]
              caches: [.cache/webpack]
              environment: { CI: "1" }
              secrets: npmrc
              network: false
              timeout: 10m
            """)
        var build = BuildSettings()
        build.builder = .steps
        var bundle = BuildStep("npm run build", name: "bundle", inputs: ["src", "package.json"])
        bundle.environment = ["NODE_ENV": "production"]
        var test = BuildStep("npm test")
        test.isTest = true
        build.steps = [BuildStep("npm ci"), bundle, test]
        build.output = ["dist", "*.json"]
        build.caches = [".cache/webpack"]
        build.environment = ["CI": "1"]
        build.secrets = ["npmrc"]
        build.network = false
        build.timeoutSeconds = 600
        #expect(config.build == build)
    }

    @Test("A Dockerfile and Dagger are configured, and that chooses the builder")
    func others() throws {
        let docker = try ProjectConfig.parse(
            "build: {dockerfile: {file: ops/Dockerfile, target: web, test: check, args: {A: 1}, platform: linux/arm64, network: host, tool: podman}}"
        ).build
        #expect(docker.builder == .dockerfile)
        #expect(docker.dockerfile?.file == "ops/Dockerfile")
        #expect(docker.dockerfile?.target == "web")
        #expect(docker.dockerfile?.test == "check")
        #expect(docker.dockerfile?.arguments == ["A": "1"])
        #expect(docker.dockerfile?.platform == "linux/arm64")
        #expect(docker.dockerfile?.tool == .podman)
        #expect(
            try ProjectConfig.parse("build: {dockerfile: web.Dockerfile}").build.dockerfile?.file == "web.Dockerfile")
        let dagger = try ProjectConfig.parse(
            "build: {dagger: {module: ./ci, call: image, arguments: [--arch=amd64], source: src, test: check}}"
        ).build
        #expect(dagger.builder == .dagger)
        #expect(dagger.dagger?.module == "./ci")
        #expect(dagger.dagger?.call == "image")
        #expect(dagger.dagger?.arguments == ["--arch=amd64"])
        #expect(dagger.dagger?.source == "src")
        #expect(dagger.dagger?.test == "check")
        #expect(
            try ProjectConfig.parse("build: {dagger: {script: ops/dagger.py}}").build.dagger?.script == "ops/dagger.py")
    }

    @Test(
        "What cannot be meant is refused, with the place and what to write",
        arguments: [
            ("build: {biulder: own}", "unknown key 'biulder' in 'build'; did you mean 'builder'?"),
            ("build: {builder: dockerfil}", "'dockerfil' is no value of 'build.builder'; did you mean 'dockerfile'?"),
            ("build: {builder: kaniko}", "write one of 'own', 'steps', 'dockerfile', 'dagger'"),
            ("build: {steps: [a], dockerfile: {}}", "'build' has both 'steps' and 'dockerfile'; say which with"),
            ("build: {builder: own, steps: [a]}", "'build.steps' has no meaning with 'builder: own'"),
            ("build: {steps: []}", "'build.steps' names no step"),
            ("build: {steps: [{name: a}]}", "'build.steps' needs the key 'run'"),
            ("build: {steps: [{run: a, test: b}]}", "a step is either 'run' or 'test'"),
            ("build: {steps: [{run: a, inptus: b}]}", "did you mean 'inputs'?"),
            ("build: {steps: [{run: a, inputs: ../b}]}", "'../b' cannot be a path in 'build.steps.inputs'"),
            ("build: {secrets: [$TOKEN]}", "'$TOKEN' cannot be a secret's name"),
            ("build: {timeout: 0}", "must be a time from 1 to 86400 seconds"),
            ("build: {dockerfile: {file: /etc/passwd}}", "cannot be a path in 'build.dockerfile.file'"),
            ("build: {dockerfile: {target: -x}}", "must not begin with '-'"),
            ("build: {dockerfile: {platform: amd64}}", "write it like 'linux/amd64'"),
            ("build: {dockerfile: {tool: build}}", "did you mean 'buildx'?"),
            ("build: {dagger: {script: a.py, call: b}}", "'build.dagger.call' has no meaning beside 'script'"),
        ])
    func refused(text: String, message: String) {
        let error = #expect(throws: ConfigError.self) { try ProjectConfig.parse(text) }
        #expect(error?.message.hasPrefix("bim.yml:1: ") == true)
        #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
    }
}
