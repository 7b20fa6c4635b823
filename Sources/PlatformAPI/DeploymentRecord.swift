/// What a push to a git server brings beside the commit: `deployment.json` in a commit on `refs/bim/deployments/<id>`.
package struct DeploymentRecord: Codable, Sendable, Equatable {
    package static let file = "deployment.json"
    /// The ref of the record with this id.
    package static func ref(_ id: String) -> String { refs + id }
    package static let refs = "refs/bim/deployments/"

    /// The version of this shape.
    package var version = 1
    package var id: String
    package var deployment: DeploymentRequest
    /// Whether the pusher reads report lines; otherwise the server speaks to a person.
    package var readsReports: Bool

    package init(id: String, deployment: DeploymentRequest, readsReports: Bool) {
        self.id = id
        self.deployment = deployment
        self.readsReports = readsReports
    }

    enum CodingKeys: String, CodingKey {
        case version, id, deployment
        case readsReports = "reads_reports"
    }
}

/// How a deployment that a git server carried out ended: `result.json` in a commit on `refs/bim/results/<id>`.
package struct ResultRecord: Codable, Sendable, Equatable {
    package static let file = "result.json"
    package static func ref(_ id: String) -> String { refs + id }
    package static let refs = "refs/bim/results/"

    package var version = 1
    /// That of the deployment record.
    package var id: String
    /// The deployment as it ended; nil when none was begun.
    package var deployment: Deployment?
    /// Why none was begun.
    package var problem: Problem?

    package init(id: String, deployment: Deployment? = nil, problem: Problem? = nil) {
        self.id = id
        self.deployment = deployment
        self.problem = problem
    }
}

/// What a git server that deploys tells its pushers: `server.json` in a commit on `refs/bim/server`.
package struct ServerRecord: Codable, Sendable, Equatable {
    package static let file = "server.json"
    package static let ref = "refs/bim/server"

    package var version = 1
    /// The app that the repository's branches are deployed to.
    package var app: AppID
    /// What the platform behind the server is and can run.
    package var platform: PlatformDescription
    /// Where artifacts shall go when the project names no registry, such as `ghcr.io/acme/api`.
    package var registry: String?

    package init(app: AppID, platform: PlatformDescription, registry: String? = nil) {
        self.app = app
        self.platform = platform
        self.registry = registry
    }
}
