internal import FoundationEssentials

/// The commands of the project that the user of a repository has agreed to run here: `bim/trust.json`, shared by its
/// worktrees; bim-hooks writes it.
package struct TrustedCommands: Sendable {
    /// The file.
    package let path: String

    /// Names the file of a repository by the folder that its worktrees share.
    package init(commonDirectory: String) {
        path = commonDirectory + "/bim/trust.json"
    }

    /// The commands, as they are written in the project; what is not readable counts as nothing.
    package var all: Set<String> {
        guard let data = try? Data(contentsOf: URL(filePath: path)),
            let commands = try? JSONDecoder().decode([String].self, from: data)
        else { return [] }
        return Set(commands)
    }
}
