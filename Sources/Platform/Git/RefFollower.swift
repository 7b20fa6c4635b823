internal import PlatformAPI

/// Makes the repositories and lets them follow the ledger, one step at a time for each app, so that no older state is
/// written last and no two make the same repository.
actor RefFollower {
    private let ledger: Ledger
    private let repositories: GitRepositories
    private var steps: [AppID: Task<Void, any Error>] = [:]

    init(ledger: Ledger, repositories: GitRepositories) {
        self.ledger = ledger
        self.repositories = repositories
    }

    /// Returns when the app's repository has what the ledger has at the time of the call, or something newer.
    func follow(_ app: AppID) async throws {
        try await inTurn(app) { [ledger, repositories] in
            try await repositories.follow(try await ledger.refs(of: app), of: app)
        }
    }

    /// Returns when the app has a repository.
    func ensure(_ app: AppID) async throws {
        try await inTurn(app) { [repositories] in try await repositories.ensure(app) }
    }

    private func inTurn(_ app: AppID, _ body: @escaping @Sendable () async throws -> Void) async throws {
        let before = steps[app]
        let step = Task {
            _ = await before?.result
            try await body()
        }
        steps[app] = step
        try await step.value
    }
}
