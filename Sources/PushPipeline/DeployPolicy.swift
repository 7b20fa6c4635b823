internal import Diagnostics

/// Whether pushes to a remote deploy: `remote.<name>.bimDeploy`, else `bim.deploy`.
enum DeployPolicy: String, Sendable {
    /// What a branch stands for becomes live.
    case always
    /// Every ref is stored, none deployed: the remote only keeps the source.
    case never

    /// Reads the user's wish.
    ///
    /// - Throws: `CONFIG_INVALID` for another word.
    init(_ settings: RemoteSettings) throws(UserError) {
        let found: (key: String, value: String)?
        do { found = try settings.value("deploy") } catch { throw error.userError }
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
