package import Deployers
package import Diagnostics
internal import PlatformAPI

/// `git bim logs`: what an environment's processes print.
package enum AppLogs {
    private struct Line: Encodable {
        let v = JSONShape.version
        let time: String
        let process: String
        let message: String
    }

    /// Hands over each line, as text and as JSON, until there is no more; who follows is ended by cancellation.
    package static func read(
        _ environment: String?, _ query: LogQuery, remote: String?, variables: [String: String],
        onLine: @escaping @Sendable (CommandOutput) -> Void
    ) async throws(UserError) {
        let (api, _, _) = try await CommandRemote(remote, environment: variables).platform()
        let name = try await EnvironmentChoice.name(environment, api)
        try await api.readLogs(of: name, query) { line in
            let time = line.time.prefix(19).replacing("T", with: " ")
            onLine(
                CommandOutput(
                    printable("\(time) \(line.process) | \(line.message)"),
                    json: Line(time: line.time, process: line.process, message: line.message)))
        }
    }
}

/// The environment that a command speaks of.
enum EnvironmentChoice {
    /// The one that was named, else production, else the only one that there is.
    static func name(_ wanted: String?, _ api: APIDeployer) async throws(UserError) -> String {
        if let wanted {
            guard AppID.isValidName(wanted) else {
                throw UserError(
                    .appNotFound, "'\(wanted)' cannot be the name of an environment", hint: "git bim status")
            }
            return wanted
        }
        let names = try await api.environments().map(\.name)
        if names.count == 1, names[0] != "production" { return names[0] }
        return "production"
    }
}
