internal import Artifacts
internal import Deployers
package import Diagnostics
internal import GitCore
internal import HTTPTransport
internal import PlatformAPI

/// What is live in each environment of an app, and how its last deployments ended.
package struct AppStatus: Sendable {
    private let app: AppID
    private let environments: [PlatformAPI.Environment]
    private let refs: [RefRecord]
    private let deployments: [Deployment]

    /// Asks the platform behind a remote; an embedded one that is stopped stays so.
    package static func read(remote: String?, environment: [String: String]) async throws(UserError) -> AppStatus {
        let connection = try await RemoteChoice(environment: environment).connect(remote, onStart: nil)
        let deployer = APIDeployer(
            connection, transport: HTTPTransport(settings: GitHTTPSettings(environment: environment)))
        guard let refs = try await deployer.refs() else { throw deployer.noApp }
        return AppStatus(
            app: connection.app, environments: try await deployer.environments(), refs: refs,
            deployments: try await deployer.deployments(limit: 20))
    }

    /// One line for each environment, and one below it when its last deployment failed.
    package func table() -> String {
        if environments.isEmpty { return "\(app)  nothing has been deployed yet" }
        var lines: [String] = []
        for environment in environments {
            let release = environment.liveRelease.map { "release \($0)" } ?? "no release"
            let commit = refs.first { $0.environment == environment.name }.map { String($0.objectID.prefix(7)) } ?? "-"
            lines.append("\(app)  \(environment.name)  \(environment.state)  \(release)  \(commit)  \(environment.url)")
            if let problem = environment.problem { lines.append("  problem: \(problem)") }
            if let last = deployments.first(where: { $0.environment == environment.name }), let failure = last.failure {
                lines.append(
                    "  the last deployment, of \(last.commit.prefix(7)), failed: \(failure.code.rawValue): \(failure.message)"
                )
            }
        }
        return lines.map(printable).joined(separator: "\n")
    }

    /// The same as one JSON object with sorted keys.
    package func json() throws -> String {
        String(
            decoding: try CanonicalJSON.encode(
                Document(app: app.description, environments: environments, refs: refs, deployments: deployments)),
            as: UTF8.self)
    }

    private struct Document: Encodable {
        let v = JSONShape.version
        let app: String
        let environments: [PlatformAPI.Environment]
        let refs: [RefRecord]
        let deployments: [Deployment]
    }
}

/// Makes the app behind a remote.
package enum AppCreation {
    /// - Returns: the app's name with its owner.
    package static func create(remote: String?, environment: [String: String]) async throws(UserError) -> String {
        let connection = try await RemoteChoice(environment: environment).connect(remote, onStart: {})
        try await APIDeployer(
            connection, transport: HTTPTransport(settings: GitHTTPSettings(environment: environment))
        ).createApp()
        return connection.app.description
    }
}
