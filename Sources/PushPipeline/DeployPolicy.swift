internal import Diagnostics
internal import GitCore

/// Whether pushes to a remote deploy: `remote.<name>.bimDeploy`, else `bim.deploy`.
enum DeployPolicy: String, Sendable {
    /// What a branch stands for becomes live.
    case always
    /// Every ref is stored, none deployed: the remote only keeps the source.
    case never

    /// Reads the user's wish.
    ///
    /// - Throws: `CONFIG_INVALID` for another word.
    init(remote: String, location: RepositoryLocation) throws(UserError) {
        let configuration: Configuration
        do { configuration = try location.open().configuration() } catch { throw error.userError }
        let found = ["remote.\(remote).bimDeploy", "bim.deploy"].lazy
            .compactMap { key in configuration.string(key).map { (key, $0) } }.first
        guard let (key, word) = found else {
            self = .always
            return
        }
        guard let policy = DeployPolicy(rawValue: word) else {
            throw UserError(
                .configInvalid, "'\(key)' is '\(word)', which is neither 'always' nor 'never'",
                hint: "git config \(key) never")
        }
        self = policy
    }
}
