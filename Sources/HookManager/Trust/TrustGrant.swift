package import Diagnostics
package import GitCore
internal import ProjectConfig

/// A person's word that the commands of a commit may run on this machine.
package enum TrustGrant {
    /// Trusts every check and the deploy command of the commit that a revision names.
    ///
    /// - Returns: the commands.
    package static func trust(_ revision: String, at location: RepositoryLocation) throws(UserError) -> [String] {
        let commands: [String]
        let trust: CommandTrust
        do {
            let repository = try location.open()
            commands = OwnCommands.commands(atCommit: try repository.resolve(revision), repository)
            trust = CommandTrust(commonDirectory: repository.commonDirectory)
        } catch {
            throw error.hookError
        }
        try trust.add(commands)
        return commands.sorted()
    }
}
