package import Diagnostics

/// The body of `POST …/deployments`: what shall become live, where, and on which condition.
package struct DeploymentRequest: Codable, Sendable, Equatable {
    /// What to run, named by digest.
    package struct Artifact: Codable, Sendable, Equatable {
        /// `image` or `zip`.
        package var kind: String
        /// `<repository>@<digest>`, with a registry host in front when it is not the platform's own; in S3
        /// `s3://<bucket>/<prefix>/<app>@<digest>` for an image and `s3://<bucket>/<prefix>/<app>/<hex>.zip` for a ZIP.
        package var reference: String
        /// Presigned URLs of what lies in S3, by the digest of each part, where the platform has no key of its own.
        ///
        /// They are secrets: a platform tells and keeps none of them.
        package var urls: [String: String]?

        package init(kind: String, reference: String, urls: [String: String]? = nil) {
            self.kind = kind
            self.reference = reference
            self.urls = urls
        }
    }

    /// How the release runs.
    package struct Settings: Codable, Sendable, Equatable {
        /// Process type to shell command; `web` is the one that gets requests.
        package var processes: [String: String]
        package var releaseCommand: String?
        package var healthPath: String?
        package var healthTimeoutSeconds: Int
        package var graceSeconds: Int

        package init(
            processes: [String: String], releaseCommand: String? = nil, healthPath: String? = nil,
            healthTimeoutSeconds: Int = 60, graceSeconds: Int = 30
        ) {
            self.processes = processes
            self.releaseCommand = releaseCommand
            self.healthPath = healthPath
            self.healthTimeoutSeconds = healthTimeoutSeconds
            self.graceSeconds = graceSeconds
        }

        enum CodingKeys: String, CodingKey {
            case processes
            case releaseCommand = "release_command"
            case healthPath = "health_path"
            case healthTimeoutSeconds = "health_timeout_seconds"
            case graceSeconds = "grace_seconds"
        }
    }

    /// What is known of the commit's tests.
    package struct Tests: Codable, Sendable, Equatable {
        /// `passed`, `skipped` or `none`.
        package var status: String
        /// When the last of them was over, in seconds since 1970.
        package var finishedAt: Int64?
        /// Why some were skipped.
        package var reason: String?

        package init(status: String, finishedAt: Int64? = nil, reason: String? = nil) {
            self.status = status
            self.finishedAt = finishedAt
            self.reason = reason
        }

        enum CodingKeys: String, CodingKey {
            case status, reason
            case finishedAt = "finished_at"
        }
    }

    package var environment: String
    /// `preview` for an environment that goes with its branch, else `permanent`.
    package var kind: String
    /// Whether the environment refuses to be removed.
    package var protected: Bool
    package var ref: String
    /// The full object id of the pushed commit.
    package var commit: String
    /// The object id that the ref is expected to have; null when it must not exist.
    package var oldCommit: String?
    package var force: Bool
    package var artifact: Artifact
    package var settings: Settings
    package var tests: Tests?
    /// The commit's subject or the pusher's words.
    package var message: String?
    /// The program that asks, as `name/version`.
    package var client: String
    /// Changes of refs that deploy nothing, made in the transaction that makes the release live, or not at all.
    package var refs: [RefChange]?
    /// Push options of the pusher's own, `x-…`, recorded as they are.
    package var extra: [String]?

    package init(
        environment: String, kind: String, protected: Bool, ref: String, commit: String, oldCommit: String?,
        force: Bool, artifact: Artifact, settings: Settings, tests: Tests? = nil, message: String?, client: String,
        refs: [RefChange] = [], extra: [String] = []
    ) {
        self.environment = environment
        self.kind = kind
        self.protected = protected
        self.ref = ref
        self.commit = commit
        self.oldCommit = oldCommit
        self.force = force
        self.artifact = artifact
        self.settings = settings
        self.tests = tests
        self.message = message
        self.client = client
        self.refs = refs.isEmpty ? nil : refs
        self.extra = extra.isEmpty ? nil : extra
    }

    enum CodingKeys: String, CodingKey {
        case environment, kind, protected, ref, commit, force, artifact, settings, tests, message, client, refs, extra
        case oldCommit = "old_commit"
    }
}

/// One attempt to make an artifact live in an environment.
package struct Deployment: Codable, Sendable, Equatable {
    package var id: String
    package var app: String
    package var environment: String
    package var ref: String
    package var commit: String
    package var oldCommit: String?
    package var artifact: DeploymentRequest.Artifact
    package var status: DeploymentStatus
    package var phase: String?
    /// The number of the release that it made; only once healthy.
    package var release: Int?
    package var url: String?
    package var failure: DeploymentFailure?
    package var message: String?
    /// Push options of the pusher's own, `x-…`, as they were given.
    package var extra: [String]?
    /// What was known of the commit's tests; `none` also when the hook was passed by, as `--no-verify` does.
    package var tests: DeploymentRequest.Tests?
    package var createdAt: String
    package var finishedAt: String?

    package init(
        id: String, app: String, environment: String, ref: String, commit: String, oldCommit: String?,
        artifact: DeploymentRequest.Artifact, status: DeploymentStatus, phase: String? = nil, release: Int? = nil,
        url: String? = nil, failure: DeploymentFailure? = nil, message: String?,
        extra: [String]? = nil, tests: DeploymentRequest.Tests? = nil, createdAt: String, finishedAt: String? = nil
    ) {
        self.id = id
        self.app = app
        self.environment = environment
        self.ref = ref
        self.commit = commit
        self.oldCommit = oldCommit
        self.artifact = artifact
        self.status = status
        self.phase = phase
        self.release = release
        self.url = url
        self.failure = failure
        self.message = message
        self.extra = extra
        self.tests = tests
        self.createdAt = createdAt
        self.finishedAt = finishedAt
    }

    enum CodingKeys: String, CodingKey {
        case id, app, environment, ref, commit, artifact, status, phase, release, url, failure, message, extra, tests
        case oldCommit = "old_commit"
        case createdAt = "created_at"
        case finishedAt = "finished_at"
    }
}

/// Why a deployment did not become healthy, with everything that helps to mend it.
package struct DeploymentFailure: Codable, Sendable, Equatable {
    /// One health probe.
    package struct Probe: Codable, Sendable, Equatable {
        package var attempt: Int
        package var path: String?
        package var outcome: String
        package var milliseconds: Int

        package init(attempt: Int, path: String?, outcome: String, milliseconds: Int) {
            self.attempt = attempt
            self.path = path
            self.outcome = outcome
            self.milliseconds = milliseconds
        }
    }

    package var code: ErrorCode
    package var phase: String?
    package var message: String
    package var hint: String?
    package var exitCode: Int?
    package var signal: Int?
    package var probes: [Probe]
    /// `address:port` of each socket that was found listening.
    package var listening: [String]
    /// The last lines that the instance printed, at most 100.
    package var logTail: [String]

    package init(
        code: ErrorCode, phase: String?, message: String, hint: String? = nil, exitCode: Int? = nil,
        signal: Int? = nil, probes: [Probe] = [], listening: [String] = [], logTail: [String] = []
    ) {
        self.code = code
        self.phase = phase
        self.message = message
        self.hint = hint
        self.exitCode = exitCode
        self.signal = signal
        self.probes = probes
        self.listening = listening
        self.logTail = logTail
    }

    enum CodingKeys: String, CodingKey {
        case code, phase, message, hint, signal, probes, listening
        case exitCode = "exit_code"
        case logTail = "log_tail"
    }
}

extension Deployment {
    /// Whether nothing more will be heard of it, though it is not known to be over.
    package var isHandedOver: Bool { phase == DeploymentPhase.handedOver.rawValue && !status.isFinal }
}

/// An entry of a deployment's event stream; ids rise by one, so that a reader can resume.
package struct DeploymentEvent: Codable, Sendable, Equatable {
    /// What an event tells.
    package enum Kind: String, Codable, Sendable {
        case status, log, progress, probe, notice, end
    }

    package var id: Int
    package var time: String
    package var type: Kind
    package var phase: String?
    package var message: String
    /// The deployment as it ended; with `end` alone.
    package var deployment: Deployment?

    package init(id: Int, time: String, type: Kind, phase: String?, message: String, deployment: Deployment? = nil) {
        self.id = id
        self.time = time
        self.type = type
        self.phase = phase
        self.message = message
        self.deployment = deployment
    }
}
