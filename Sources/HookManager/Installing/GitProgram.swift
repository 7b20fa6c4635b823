internal import Diagnostics
internal import ProcessRunner

/// The `git` on the `PATH`, for what only git itself knows or may write: its version and its configuration.
struct GitProgram: Sendable {
    let environment: [String: String]
    let folder: String

    /// Which configuration file is meant.
    enum Scope: String, Sendable { case local, global }

    /// The version as two numbers, such as 2 and 39.
    struct Version: Sendable, Comparable, CustomStringConvertible {
        let major: Int
        let minor: Int

        /// The first version that runs hooks which its configuration names.
        static let withConfiguredHooks = Version(major: 2, minor: 54)

        var description: String { "\(major).\(minor)" }

        static func < (left: Version, right: Version) -> Bool {
            (left.major, left.minor) < (right.major, right.minor)
        }
    }

    /// - Parameter environment: stripped of git's own variables, so that `folder` alone says which repository is meant.
    init(environment: [String: String], folder: String) {
        self.environment = CleanEnvironment.removingGitVariables(from: environment)
        self.folder = folder
    }

    /// Runs git and returns what it printed, without the last line feed; nil when it failed.
    func answer(_ arguments: String...) async throws(UserError) -> String? {
        let captured = try await run(arguments)
        guard captured.status.isSuccess else { return nil }
        return captured.text.hasSuffix("\n") ? String(captured.text.dropLast()) : captured.text
    }

    /// - Throws: `INTERNAL` when git does not say what it is.
    func version() async throws(UserError) -> Version {
        let words = try await answer("version")?.split(separator: " ") ?? []
        let numbers = words.dropFirst(2).first?.split(separator: ".").prefix(2).compactMap { Int($0) } ?? []
        guard numbers.count == 2 else {
            throw UserError(.internal, "git does not tell its version", hint: "git version")
        }
        return Version(major: numbers[0], minor: numbers[1])
    }

    /// Sets a configuration key to one value.
    func set(_ key: String, to value: String, in scope: Scope) async throws(UserError) {
        let captured = try await run(["config", "--\(scope.rawValue)", "--replace-all", key, value])
        guard captured.status.isSuccess else {
            throw UserError(
                .configInvalid, "git cannot set '\(key)': \(Self.firstLine(captured.errorText))",
                hint: "git config --\(scope.rawValue) --list")
        }
    }

    /// Removes every value of a configuration section or key; one that is not there is no error.
    func remove(section: String, in scope: Scope) async throws(UserError) {
        _ = try await run(["config", "--\(scope.rawValue)", "--remove-section", section])
    }

    func remove(key: String, in scope: Scope) async throws(UserError) {
        _ = try await run(["config", "--\(scope.rawValue)", "--unset-all", key])
    }

    private func run(_ arguments: [String]) async throws(UserError) -> Captured {
        let command = Command("git", arguments, environment: environment, workingDirectory: folder)
        do {
            return try await command.capture(deadline: .seconds(30))
        } catch {
            throw UserError(.internal, "git could not be run", hint: "git version", cause: error)
        }
    }

    private static func firstLine(_ text: String) -> String { String(text.prefix { $0 != "\n" }) }
}
