import Artifacts
import Foundation
import ProcessRunner
import ProjectConfig
import Testing

@testable import Builders

/// Dockerfiles, built by the real tools from a commit that holds a static program.
@Suite(.serialized)
struct DockerfileBuilderTests {
    /// Two stages, what is left out, a build argument, and a test.
    private static let dockerfile = """
        FROM scratch AS base
        COPY busybox /bin/busybox
        RUN ["/bin/busybox", "mkdir", "-p", "/usr/share", "/tmp"]
        FROM base AS build
        ARG WORD=none
        COPY . /src
        RUN ["/bin/busybox", "sh", "-c", "/bin/busybox ls /src > /listing; echo $WORD > /word"]
        FROM build AS check
        RUN ["/bin/busybox", "grep", "-q", "right", "/word"]
        FROM base
        COPY --from=build /listing /word /app/
        WORKDIR /app
        ENV GREETING=hello
        CMD ["/bin/busybox", "cat", "/app/word"]

        """

    private func kitchen(_ tool: DockerfileSettings.Tool, _ dockerfile: String = Self.dockerfile) throws -> Kitchen {
        let kitchen = try Kitchen(tool)
        try Data(dockerfile.utf8).write(to: URL(fileURLWithPath: "\(kitchen.workshop.folder)/Dockerfile.text"))
        try kitchen.workshop.run(
            """
            git init -q -b main app && cp Dockerfile.text app/Dockerfile && cd app && cp /bin/busybox .
            printf 'secret.txt\\n' > .dockerignore; touch secret.txt kept.txt; mkdir deep; printf 'x' > deep/y.txt
            git add -A && git commit -qm one; touch uncommitted.txt
            """)
        return kitchen
    }

    @Test("Each tool builds the stages from git's objects, and the image is taken over", arguments: Kitchen.tools)
    func builds(tool: DockerfileSettings.Tool) async throws {
        let kitchen = try kitchen(tool)
        let story = Story()
        let result = try await kitchen.build(
            "build: {dockerfile: {args: {WORD: right}, test: check}}", tool: tool, story: story)
        let workshop = kitchen.workshop
        #expect(try await workshop.text("word", in: result.artifact) == "right\n", "\(story.told)")
        #expect(
            try await workshop.text("listing", in: result.artifact).split(separator: "\n")
                == ["Dockerfile", "busybox", "deep", "kept.txt"])
        let configuration = try CanonicalJSON.decode(ImageConfiguration.self, from: result.artifact.configuration)
        #expect(configuration.config?.command == ["/bin/busybox", "cat", "/app/word"])
        #expect(configuration.config?.workingDirectory == "/app")
        #expect(configuration.config?.environment?.contains("GREETING=hello") == true)
        #expect(configuration.created == "1980-01-01T00:00:01Z")
        #expect(result.ranTests)
        #expect(result.definition.buildType == "https://backend.im/dockerfile/v1")
        #expect(result.artifact.layers.allSatisfy { $0.descriptor.mediaType == MediaType.layerGzip })
        let named = try await kitchen.build(
            "{build: {dockerfile: {args: {WORD: right}}}, image: {created: commit}}", tool: tool,
            commit: CommitFacts(revision: "0123", time: 1_900_000_000, source: "https://example.org/x", version: "v1"))
        let annotations = try CanonicalJSON.decode(ImageManifest.self, from: named.artifact.manifest).annotations
        #expect(annotations?["org.opencontainers.image.revision"] == "0123" && annotations?.count == 4)
        // What was taken over once is found.
        #expect(try await kitchen.build("build: {dockerfile: {args: {WORD: right}}}", tool: tool).newLayers == 0)
        let failed = await #expect(throws: BuildFailure.self) {
            try await kitchen.build("build: {dockerfile: {args: {WORD: wrong}, test: check}}", tool: tool)
        }
        if case .test = failed?.kind {} else { Issue.record("\(String(describing: failed))") }
    }

    @Test(
        "Two builds in two clean stores give one digest",
        arguments: Kitchen.tools.filter { $0 == .buildah || $0 == .podman })
    func reproducible(tool: DockerfileSettings.Tool) async throws {
        let kitchen = try kitchen(tool)
        let yaml = "build: {dockerfile: {}}"
        let first = try await kitchen.build(yaml, tool: tool, store: "one")
        try kitchen.workshop.run("git clone -q app other")
        let second = try await kitchen.build(yaml, "other", tool: tool, store: "two")
        #expect(first.artifact.digest == second.artifact.digest)
    }

    @Test("A RUN that fails is told in the tool's words, with the log", arguments: Kitchen.tools)
    func failing(tool: DockerfileSettings.Tool) async throws {
        let kitchen = try kitchen(
            tool,
            "FROM scratch\nCOPY busybox /bin/busybox\nRUN [\"/bin/busybox\", \"sh\", \"-c\", \"echo the reason >&2; exit 9\"]\n"
        )
        let story = Story()
        let failure = await #expect(throws: BuildFailure.self) {
            try await kitchen.build("build: {dockerfile: {}}", tool: tool, story: story)
        }
        guard case .said(_, let words) = failure?.kind else {
            Issue.record("\(String(describing: failure))")
            return
        }
        #expect(words.contains("9"), "\(words)")
        #expect(story.told.contains { $0.contains("the reason") })
        let log = try #require(failure?.log)
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("the reason"))
    }

    @Test(
        "Secrets are mounted for one command and are in no layer, and the classic builder is not given any",
        arguments: Kitchen.tools.filter { $0 != .docker })
    func secrets(tool: DockerfileSettings.Tool) async throws {
        let kitchen = try kitchen(
            tool,
            """
            # syntax is the tool's own
            FROM scratch
            COPY busybox /bin/busybox
            RUN --mount=type=secret,id=token ["/bin/busybox", "sh", "-c", "/bin/busybox mkdir -p /app && /bin/busybox wc -c < /run/secrets/token > /app/size"]

            """)
        let value = "a-very-secret-value"
        let result = try await kitchen.build(
            "build: {secrets: [token], dockerfile: {}}", tool: tool, more: ["BIM_SECRET_TOKEN": value])
        #expect(try await kitchen.workshop.text("size", in: result.artifact).contains("\(value.utf8.count)"))
        for layer in result.artifact.layers {
            let path = try await layer.file()
            let count = try kitchen.workshop.run("zcat '\(path)' | grep -ac '\(value)' || true")
            #expect(count == "0\n")
        }
        #expect(!String(decoding: result.artifact.configuration, as: UTF8.self).contains(value))
    }

    @Test("Without a daemon the builder is unavailable; without any tool it is missing")
    func absent() async throws {
        let workshop = try Workshop()
        try workshop.run(
            """
            git init -q -b main app && cd app && echo 'FROM scratch' > Dockerfile && git add -A && git commit -qm one
            mkdir ../bin; printf '#!/bin/sh\\necho "Cannot connect to the Docker daemon at $DOCKER_HOST" >&2; exit 1\\n' > ../bin/docker
            chmod +x ../bin/docker; ln -s /usr/bin/git ../bin/git
            """)
        func build(_ yaml: String, path: String) async -> BuildFailure.Kind? {
            let request = try? workshop.request("app", environment: ["PATH": path, "DOCKER_HOST": "unix:///nowhere"])
            guard let request, let settings = try? ProjectConfig.parse(yaml).build else { return nil }
            do {
                _ = try await DockerfileBuilder(settings, cache: try workshop.cache()).build(request) { _ in }
                return nil
            } catch {
                return (error as? BuildFailure)?.kind
            }
        }
        let said = "Cannot connect to the Docker daemon at unix:///nowhere"
        let bin = "\(workshop.folder)/bin"
        #expect(await build("build: {dockerfile: {}}", path: bin) == .unavailable(tool: "docker", said: said))
        #expect(
            await build("build: {dockerfile: {tool: docker}}", path: bin) == .unavailable(tool: "docker", said: said))
        #expect(await build("build: {dockerfile: {tool: buildah}}", path: bin) == .toolMissing(["buildah"]))
        #expect(
            await build("build: {dockerfile: {}}", path: "/nonexistent")
                == .toolMissing(["docker", "podman", "buildah"]))
    }

    @Test(
        "Words of the tools that say more than a status",
        arguments: [
            ("write /x: no space left on device", BuildFailure.Kind.noSpace),
            (
                "exec /bin/sh: exec format error",
                .platform(wanted: .init(os: "linux", architecture: "amd64"), made: "another system")
            ),
            (
                "ERROR: Cannot connect to the Docker daemon at unix:///x",
                .unavailable(tool: "docker", said: "ERROR: Cannot connect to the Docker daemon at unix:///x")
            ),
            (
                "The command '/bin/sh -c false' returned a non-zero code: 3",
                .said(step: "docker build", "The command '/bin/sh -c false' returned a non-zero code: 3")
            ),
            ("COPY failed: file not found", .command(step: "docker build", status: .exited(1))),
        ])
    func words(line: String, kind: BuildFailure.Kind) {
        #expect(
            ToolMessages.kind(
                ["before", line, "after"], tool: "docker", step: "docker build", status: .exited(1),
                platform: .init(os: "linux", architecture: "amd64")) == kind)
    }

    @Test("Options follow from the job; nothing of them is a shell's business")
    func options() {
        var job = ContainerTool.Job(dockerfile: "a/Dockerfile")
        job.target = "web"
        job.arguments = ["B": "2 3", "A": "1"]
        job.platform = "linux/arm64"
        job.secrets = ["t": "/s/t"]
        job.network = false
        let command = ContainerTool(.podman, environment: ["CONTAINER_HOST": "ssh://x", "GIT_DIR": "g"]).build(
            job, .id(file: "/i"))
        #expect(
            command.arguments == [
                "build", "--timestamp", "315532801", "--layers", "--iidfile", "/i", "--target", "web", "--platform",
                "linux/arm64", "--network", "none", "--build-arg", "A=1", "--build-arg", "B=2 3", "--secret",
                "id=t,src=/s/t",
                "--file", "a/Dockerfile", "-",
            ])
        #expect(command.environment["CONTAINER_HOST"] == "ssh://x")
        #expect(command.environment["GIT_DIR"] == nil)
        let other = ContainerTool(.buildx, environment: ["BUILDKIT_HOST": "tcp://b"]).build(
            .init(dockerfile: "D"), .archive(file: "/o"))
        #expect(other.arguments.contains("type=oci,dest=/o,rewrite-timestamp=true"))
        #expect(other.environment["BUILDKIT_HOST"] == "tcp://b")
    }
}
