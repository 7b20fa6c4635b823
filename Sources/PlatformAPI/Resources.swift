/// The answer of `GET /v1/`: what this platform is and can do.
package struct PlatformDescription: Codable, Sendable, Equatable {
    /// A pair that an image may be built for.
    package struct Target: Codable, Sendable, Equatable {
        package var os: String
        package var architecture: String

        package init(os: String, architecture: String) {
            self.os = os
            self.architecture = architecture
        }
    }

    /// The most that the platform takes.
    package struct Limits: Codable, Sendable, Equatable {
        /// Bytes of a request's JSON body.
        package var requestBytes: Int
        /// Bytes of an image manifest.
        package var manifestBytes: Int
        /// Bytes of an artifact's compressed parts together; nil when nothing is said of it.
        package var artifactBytes: Int64?
        /// Seconds from SIGTERM to SIGKILL.
        package var graceSeconds: Int
        /// Seconds until a release must be healthy.
        package var healthTimeoutSeconds: Int

        package init(
            requestBytes: Int, manifestBytes: Int, artifactBytes: Int64? = nil, graceSeconds: Int,
            healthTimeoutSeconds: Int
        ) {
            self.requestBytes = requestBytes
            self.manifestBytes = manifestBytes
            self.artifactBytes = artifactBytes
            self.graceSeconds = graceSeconds
            self.healthTimeoutSeconds = healthTimeoutSeconds
        }

        enum CodingKeys: String, CodingKey {
            case requestBytes = "request_bytes"
            case manifestBytes = "manifest_bytes"
            case artifactBytes = "artifact_bytes"
            case graceSeconds = "grace_seconds"
            case healthTimeoutSeconds = "health_timeout_seconds"
        }
    }

    /// The version of the contract, `1`.
    package var version: String
    package var platforms: [Target]
    package var artifactKinds: [String]
    /// The host of the platform's own registry, with its port; nil when there is none.
    package var registry: String?
    package var limits: Limits?
    /// Names of optional parts that this platform has.
    package var features: [String]
    /// The feature of a platform that takes presigned URLs with a deployment.
    package static let presignedURLs = "presigned-urls"

    package init(
        version: String, platforms: [Target], artifactKinds: [String], registry: String? = nil, limits: Limits? = nil,
        features: [String]
    ) {
        self.version = version
        self.platforms = platforms
        self.artifactKinds = artifactKinds
        self.registry = registry
        self.limits = limits
        self.features = features
    }

    enum CodingKeys: String, CodingKey {
        case version, platforms, registry, limits, features
        case artifactKinds = "artifact_kinds"
    }
}

/// The answer of `GET /v1/whoami`: whom a token stands for.
package struct Identity: Codable, Sendable, Equatable {
    package var user: String
    package var scope: String

    package init(user: String, scope: String) {
        self.user = user
        self.scope = scope
    }

    /// Whoever holds the one token of a platform that knows no other.
    package static let `operator` = Identity(user: "local", scope: "admin")
}

/// The name of an app with its owner, `<user>/<app>`.
package struct AppID: Codable, Hashable, Sendable, CustomStringConvertible {
    package var user: String
    package var app: String

    package init(user: String, app: String) {
        self.user = user
        self.app = app
    }

    package var description: String { "\(user)/\(app)" }

    /// Whether `name` may be the name of a user, an app or an environment: a DNS label of at most 40 characters.
    package static func isValidName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...40).contains(bytes.count), bytes.first != UInt8(ascii: "-"), bytes.last != UInt8(ascii: "-") else {
            return false
        }
        return bytes.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    }
}

/// An app as the API shows it.
package struct App: Codable, Sendable, Equatable {
    package var user: String
    package var name: String
    package var createdAt: String

    package init(user: String, name: String, createdAt: String) {
        self.user = user
        self.name = name
        self.createdAt = createdAt
    }

    enum CodingKeys: String, CodingKey {
        case user, name
        case createdAt = "created_at"
    }
}

/// A ref of an app, and what it stands for.
package struct RefRecord: Codable, Sendable, Equatable {
    package var ref: String
    package var objectID: String
    /// The environment that it deploys to; null for a ref that is only stored.
    package var environment: String?
    package var release: Int?
    package var updatedAt: String

    package init(ref: String, objectID: String, environment: String?, release: Int?, updatedAt: String) {
        self.ref = ref
        self.objectID = objectID
        self.environment = environment
        self.release = release
        self.updatedAt = updatedAt
    }

    enum CodingKeys: String, CodingKey {
        case ref, environment, release
        case objectID = "object_id"
        case updatedAt = "updated_at"
    }
}

/// The body of `POST …/refs`: moves refs that deploy nothing, all of them or none.
package struct RefChange: Codable, Sendable, Equatable {
    package var ref: String
    /// The object id that the ref has now; null when it must not exist.
    package var old: String?
    /// The object id that it shall have; null deletes it.
    package var new: String?

    package init(ref: String, old: String?, new: String?) {
        self.ref = ref
        self.old = old
        self.new = new
    }
}

/// An environment of an app.
package struct Environment: Codable, Sendable, Equatable {
    package var name: String
    /// `permanent` or `preview`.
    package var kind: String
    package var ref: String?
    package var url: String
    package var liveRelease: Int?
    /// `running`, `restarting`, `stopped`, or `unreachable` with the reason in `problem`.
    package var state: String
    package var problem: String?

    package init(
        name: String, kind: String, ref: String?, url: String, liveRelease: Int?, state: String, problem: String?
    ) {
        self.name = name
        self.kind = kind
        self.ref = ref
        self.url = url
        self.liveRelease = liveRelease
        self.state = state
        self.problem = problem
    }

    enum CodingKeys: String, CodingKey {
        case name, kind, ref, url, state, problem
        case liveRelease = "live_release"
    }
}

/// A deployment that became healthy: numbered, immutable.
package struct Release: Codable, Sendable, Equatable {
    package var number: Int
    package var deployment: String
    package var commit: String
    package var artifact: String
    package var createdAt: String
    package var isLive: Bool

    package init(
        number: Int, deployment: String, commit: String, artifact: String, createdAt: String, isLive: Bool
    ) {
        self.number = number
        self.deployment = deployment
        self.commit = commit
        self.artifact = artifact
        self.createdAt = createdAt
        self.isLive = isLive
    }

    enum CodingKeys: String, CodingKey {
        case number, deployment, commit, artifact
        case createdAt = "created_at"
        case isLive = "is_live"
    }
}
