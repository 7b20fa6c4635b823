package import Artifacts
package import GitCore
package import ProjectConfig

/// Makes an artifact from a commit's tree; never sees uncommitted files or run-time secrets.
package protocol Builder: Sendable {
    /// What people call it: `own builder`.
    var name: String { get }
    /// Builds the artifact, or finds it where it was built before.
    func build(
        _ request: BuildRequest, onEvent: @escaping @Sendable (BuildEvent) -> Void
    ) async throws -> BuildResult
}

/// What a build tells while it lasts.
package enum BuildEvent: Sendable {
    /// So many layers of so many are there.
    case layers(done: Int, of: Int)
    /// What is at work now: a step's name, a command.
    case step(String)
    /// A step is over; the text says how where that matters, as `npm ci (found)`.
    case stepFinished(String, Duration)
    /// A line that somebody else's program printed.
    case output(String)
    /// A layer of the artifact was made, which a registry can take already.
    case layer(Artifact.Layer)
}

/// What is to be built.
package struct BuildRequest: Sendable {
    package let repository: RepositoryLocation
    package let tree: ObjectID
    package let image: ImageSettings
    /// The command of the process type `web`, for runtimes that know only images.
    package let command: String?
    package let platform: Artifacts.Platform
    /// The image to build upon; nil leaves the system to the platform.
    package let base: BaseImage?
    /// The commit that the tree is of, for images that name it.
    package let commit: CommitFacts?
    /// False builds every layer anew, compares it with what the cache holds and sets that right.
    package let usesCache: Bool
    /// What steps made of the tree's files; nil where there are none.
    var overlay: BuildOverlay?

    package init(
        repository: RepositoryLocation, tree: ObjectID, image: ImageSettings, command: String?,
        platform: Artifacts.Platform, base: BaseImage?, commit: CommitFacts? = nil, usesCache: Bool = true
    ) {
        self.repository = repository
        self.tree = tree
        self.image = image
        self.command = command
        self.platform = platform
        self.base = base
        self.commit = commit
        self.usesCache = usesCache
    }
}

/// What an image may say about its commit.
package struct CommitFacts: Sendable {
    /// The commit's id.
    package var revision: String
    /// The committer's time in seconds since 1970.
    package var time: Int64
    /// Where the source is found, a URL.
    package var source: String?
    /// What people call this state, such as a tag.
    package var version: String?

    package init(revision: String, time: Int64, source: String? = nil, version: String? = nil) {
        self.revision = revision
        self.time = time
        self.source = source
        self.version = version
    }
}

/// What a build made.
package struct BuildResult: Sendable {
    package let artifact: Artifact
    /// Layers that had to be made; the others were found.
    package let newLayers: Int
    /// What the pusher should know, a line each.
    package let notices: [String]
    /// How it was made, for the artifact's provenance.
    package internal(set) var definition: Provenance.Definition
    /// What there is to say of the build besides its layers, such as how many steps were found; nil for nothing.
    package internal(set) var summary: String?
    /// Whether the project's tests were part of the build, and have passed.
    package internal(set) var ranTests = false

    package init(artifact: Artifact, newLayers: Int, notices: [String], definition: Provenance.Definition) {
        self.artifact = artifact
        self.newLayers = newLayers
        self.notices = notices
        self.definition = definition
    }
}
