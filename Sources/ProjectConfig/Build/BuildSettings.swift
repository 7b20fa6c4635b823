/// How the commit becomes an artifact: `build` in `bim.yml`.
package struct BuildSettings: Sendable, Equatable {
    /// The ways to build.
    package enum Kind: String, CaseIterable, Sendable {
        /// Packages what git holds.
        case own
        /// Runs commands in the commit's files.
        case steps
        /// Hands a Dockerfile to Docker, Podman or Buildah.
        case dockerfile
        /// Calls a Dagger module or script.
        case dagger
    }

    /// The way that the file names; nil leaves it to what the file configures, then to what the commit holds.
    package var builder: Kind?

    /// The commands, in order; empty leaves them to detection.
    package var steps: [BuildStep] = []

    /// Patterns, as in `.dockerignore`, of what goes into the artifact; empty takes all but the caches.
    package var output: [String] = []

    /// Folders, by name or path, that the next build finds again and that are no part of the artifact.
    package var caches: [String] = []

    /// Variables that every step sees.
    package var environment: [String: String] = [:]

    /// The names of secrets that the build reads as files; where each comes from is the pusher's own setting.
    package var secrets: [String] = []

    /// Whether steps, and the `RUN` lines of a Dockerfile, reach the network.
    package var network = true

    /// How long the whole build may take, 1 to 86400 seconds.
    package var timeoutSeconds = 1800

    /// What the Dockerfile builder is told.
    package var dockerfile: DockerfileSettings?

    /// What the Dagger builder is told.
    package var dagger: DaggerSettings?

    /// Makes settings that leave everything to detection.
    package init() {}
}

/// One command of a build.
package struct BuildStep: Sendable, Equatable {
    /// What the pusher sees of it.
    package var name: String

    /// A command for `sh -c`, run at the root of the commit's files.
    package var run: String

    /// The files and folders of the commit that it reads; empty means any.
    package var inputs: [String] = []

    /// Variables that it sees besides those of the whole build.
    package var environment: [String: String] = [:]

    /// Whether it is a test: what it writes is no part of the artifact, and its failure is one of the tests.
    package var isTest = false

    /// Makes a step that is called by its command.
    package init(_ run: String, name: String? = nil, inputs: [String] = []) {
        self.run = run
        self.name = name ?? run
        self.inputs = inputs
    }
}

/// How a Dockerfile is built.
package struct DockerfileSettings: Sendable, Equatable {
    /// The program that builds.
    package enum Tool: String, CaseIterable, Sendable {
        case buildx, docker, podman, buildah
    }

    /// The Dockerfile's path in the commit; nil for `Dockerfile` or `Containerfile`.
    package var file: String?

    /// The stage to build; nil for the last.
    package var target: String?

    /// A stage whose build is a test, built first.
    package var test: String?

    /// Build arguments. Not for secrets: they stay in the image's history.
    package var arguments: [String: String] = [:]

    /// `os/architecture`; nil for the platform's own.
    package var platform: String?

    /// The network of `RUN` lines in the program's own word, such as `host`; nil for its default.
    package var network: String?

    /// The program; nil for the first that works.
    package var tool: Tool?

    /// Makes settings for a Dockerfile at the root.
    package init() {}
}

/// How Dagger is called.
package struct DaggerSettings: Sendable, Equatable {
    /// The module, a path in the commit or a git reference; nil for the one at the root.
    package var module: String?

    /// The function that returns the container, or a directory with the app's files.
    package var call = "build"

    /// Further arguments of the function, `--name=value`.
    package var arguments: [String] = []

    /// The argument that takes the commit's files.
    package var source = "source"

    /// A function whose failure is a failed test, called first.
    package var test: String?

    /// A script instead of a module, run inside a session.
    package var script: String?

    /// Makes settings for a module at the root.
    package init() {}
}
