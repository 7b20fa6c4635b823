internal import Diagnostics
internal import HTTPTypes
internal import Hummingbird
internal import PlatformAPI

/// `…/environments/{environment}/config`: what an environment's releases find in their environment variables.
struct ConfigRoutes: Sendable {
    /// Bytes of one value.
    private static let longestValue = 64 << 10
    /// Variables of one environment.
    private static let mostVariables = 500

    let ledger: Ledger
    let engine: DeploymentEngine

    func add(to router: some RouterMethods<PlatformContext>) {
        let base = "/v1/apps/{user}/{app}/environments/{environment}/config"
        router.get("\(base)") { _, context in
            try json(try await ledger.config(of: try await environment(context)))
        }
        router.patch("\(base)") { request, context in try await change(request, try await environment(context)) }
    }

    /// An environment may be configured before its first deployment; its app must exist.
    private func environment(_ context: PlatformContext) async throws -> EnvironmentID {
        let environment = try context.environment()
        guard try await ledger.app(environment.app) != nil else { throw Problem.appNotFound(environment.app) }
        guard AppID.isValidName(environment.name) else { throw Problem.noEnvironment(environment) }
        return environment
    }

    private func change(_ request: Request, _ environment: EnvironmentID) async throws -> Response {
        var request = request
        let patch = try await decode(ConfigPatch.self, from: &request)
        try await validate(patch, for: environment)
        let deployment = try await deploy(patch, to: environment)
        if deployment == nil { try await ledger.changeConfig(of: environment, patch) }
        return try json(
            ConfigChange(config: try await ledger.config(of: environment), deployment: deployment),
            status: deployment == nil ? .ok : .accepted)
    }

    /// Deploys what is live once more, with the change; nil where nothing is live.
    private func deploy(_ patch: ConfigPatch, to environment: EnvironmentID) async throws -> Deployment? {
        guard let live = try await ledger.environment(environment)?.liveRelease,
            let release = try await ledger.releases(of: environment).first(where: { $0.number == live })
        else { return nil }
        var deployment = release.requestAgain
        deployment.oldCommit = try await ledger.refs(of: environment.app).first { $0.ref == deployment.ref }?.objectID
        deployment.force = true
        deployment.message = "Configure \(patch.keys.sorted().joined(separator: ", "))"
        return try await engine.accept(deployment, in: environment, idempotencyKey: nil, config: .changed(patch))
    }

    private func validate(_ patch: ConfigPatch, for environment: EnvironmentID) async throws {
        for (name, value) in patch {
            guard Self.isName(name) else {
                throw Problem.invalid(
                    "'\(printable(name.prefix(100)))' cannot be the name of a variable",
                    hint: "use letters, digits and '_', such as DATABASE_URL")
            }
            guard !["PORT", "HOST"].contains(name), !name.hasPrefix("BIM_") else {
                throw Problem.invalid("'\(name)' is set by the platform")
            }
            guard let value else { continue }
            guard value.value.utf8.count <= Self.longestValue, !value.value.utf8.contains(0) else {
                throw Problem.invalid("the value of '\(name)' is longer than 64 KiB, or has a NUL in it")
            }
        }
        let known = Set(try await ledger.config(of: environment).map(\.name))
        guard known.union(patch.keys).count <= Self.mostVariables else {
            throw Problem(.quota, status: 422, "an environment has at most \(Self.mostVariables) variables")
        }
    }

    /// As POSIX has it (XBD 8.1).
    private static func isName(_ name: String) -> Bool {
        let bytes = Array(name.utf8)
        guard (1...128).contains(bytes.count), !(0x30...0x39).contains(bytes[0]) else { return false }
        return bytes.allSatisfy {
            (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0)
                || $0 == UInt8(ascii: "_")
        }
    }
}
