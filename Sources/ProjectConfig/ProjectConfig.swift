/// What the project says about itself in `bim.yml`, checked and with all defaults filled in.
package struct ProjectConfig: Sendable, Equatable {
    /// The app's name without its user; nil leaves it to the remote's URL.
    package var app: String?

    /// How the image is made.
    package var image = ImageSettings()

    /// The process types, in the file's order; empty leaves them to a `Procfile` or to detection.
    package var processes: [ProcessType] = []

    /// The port that the app listens on; nil for the platform's choice, which is in `PORT` in any case.
    package var port: Int?

    /// How to find out that a new release serves.
    package var health = HealthCheck()

    /// The command that runs once for each deployment, before the new release starts.
    package var releaseCommand: String?

    /// How long an old instance may take to end after SIGTERM, in seconds, 1 to 300.
    package var graceSeconds = 30

    /// The declared environments, in the file's order. ``EnvironmentMap`` adds what is implied.
    package var environments: [EnvironmentRule] = []

    /// The checks of each of git's client-side hooks, in the file's order.
    package var hooks: [String: [Check]] = [:]

    /// What a deployment is made of.
    package var artifact = ArtifactKind.image

    /// Where artifacts go, such as `ghcr.io/acme/api` or `s3://bucket/prefix`; nil for the platform's own registry.
    package var registry: String?

    /// The command that deploys to remotes of command mode; nil leaves it to git's configuration.
    package var deploy: DeployCommand?

    /// How the commit becomes an artifact.
    package var build = BuildSettings()

    /// What an empty file means.
    package static let `default` = ProjectConfig()

    /// Makes a configuration that says nothing.
    package init() {}
}

/// What the files of a commit become; the raw value is what the deploy API calls it.
package enum ArtifactKind: String, Sendable, CaseIterable {
    /// An OCI image.
    case image
    /// The files alone, in one ZIP.
    case zip
}

/// How bim's own builder makes an image.
package struct ImageSettings: Sendable, Equatable {
    /// The base image's reference; nil for the builder's choice.
    package var base: String?

    /// Patterns, as in `.dockerignore`, of files that stay out of the image.
    package var exclude: [String] = []

    /// The most layers that the image may have, 1 to 127.
    package var maximumLayers: Int?

    /// Variables in the image's configuration. Not for secrets: everybody who can pull the image can read them.
    package var environment: [String: String] = [:]

    /// The program that the image starts, with its arguments; nil starts the process type `web` with a shell.
    package var entrypoint: [String]?

    /// The TCP ports that the image's configuration names.
    package var ports: [Int] = []

    /// Labels of the image's configuration.
    package var labels: [String: String] = [:]

    /// Annotations of the image manifest.
    package var annotations: [String: String] = [:]

    /// Patterns, as in ``exclude``, of files whose time follows from their content instead of being constant, so that
    /// static servers see when they have changed.
    package var blobTimes: [String] = []

    /// Whether the image names its commit and is dated by it; its digest then differs from commit to commit.
    package var isOfCommit = false

    /// Makes settings that leave everything to the builder.
    package init() {}
}

/// One kind of process of the app.
package struct ProcessType: Sendable, Equatable {
    /// A DNS label; requests go to the one called `web`.
    package var name: String

    /// A command for `sh -c`.
    package var command: String

    /// Makes a process type; the name is not checked.
    package init(name: String, command: String) {
        self.name = name
        self.command = command
    }
}

/// How to find out that a new release serves.
package struct HealthCheck: Sendable, Equatable {
    /// The path to ask for; nil tries the usual ones.
    package var path: String?

    /// How long the release may take until it is healthy, 1 to 3600 seconds.
    package var timeoutSeconds = 60

    /// Makes the default health check.
    package init() {}
}

/// One declared environment.
package struct EnvironmentRule: Sendable, Equatable {
    /// A DNS label of at most 40 characters.
    package var name: String

    /// The branches that are deployed to it; none when it is deployed by other means only.
    package var branches: [BranchPattern]

    /// True when it can neither be removed by deleting its branch nor be overwritten by force.
    package var protected: Bool

    /// True when only commits whose tests have passed are deployed.
    package var requiredTests: Bool

    /// Makes a rule.
    package init(name: String, branches: [BranchPattern], protected: Bool = false, requiredTests: Bool = false) {
        self.name = name
        self.branches = branches
        self.protected = protected
        self.requiredTests = requiredTests
    }
}
