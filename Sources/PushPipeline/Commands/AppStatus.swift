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
        let deployer = APIDeployer(connection, transport: HTTPTransport())
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
        try await APIDeployer(connection, transport: HTTPTransport()).createApp()
        return connection.app.description
    }
}

/// Finds the remote that a command speaks of.
struct RemoteChoice {
    let environment: [String: String]

    /// The platform behind a remote's name or a URL; nil is the remote `bim`, or the only one of ours.
    func connect(
        _ remote: String?, onStart: (@Sendable () -> Void)?
    ) async throws(UserError) -> PlatformConnection {
        try await PlatformConnection(
            RemoteAddress(try await address(of: remote)), environment: environment, onStart: onStart)
    }

    /// What git would hand to the remote helper for a push.
    func address(of remote: String?) async throws(UserError) -> String {
        if let remote, remote.hasPrefix("bim:") { return remote }
        let remotes: [(name: String, url: String)]
        do {
            let repository = try RepositoryLocation(environment: environment, folder: ".").open()
            remotes = try repository.configuration().remotes().filter { $0.url.hasPrefix("bim:") }
        } catch {
            throw error.userError
        }
        if let found = remotes.first(where: { $0.name == remote ?? "bim" }) { return found.url }
        if remote == nil, remotes.count == 1 { return remotes[0].url }
        let names = remotes.map { "'\($0.name)'" }.joined(separator: ", ")
        throw UserError(
            .configInvalid,
            remote.map { "there is no remote '\($0)' whose URL begins with 'bim::'" }
                ?? (remotes.isEmpty ? "no remote's URL begins with 'bim::'" : "several remotes are bim's: \(names)"),
            hint: remotes.isEmpty ? "git remote add bim bim::local/<app>" : "name one of them: \(names)")
    }
}
