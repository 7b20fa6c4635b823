internal import Diagnostics
internal import FoundationEssentials
internal import GitCore
internal import Glibc
internal import ProjectConfig
internal import Workspaces

/// Which commands of the project may run on this machine.
///
/// A command that its user committed here, ran here or agreed to is trusted; one that came with somebody else's commit is
/// asked for once. Kept in `bim/trust.json` of the repository, shared by its worktrees.
package struct CommandTrust: Sendable {
    /// Shows commands to a person and returns the answer; nil when there is nobody to ask.
    package typealias Question = @Sendable (_ commands: [String]) -> Bool?

    private let commonDirectory: String
    private var file: String { TrustedCommands(commonDirectory: commonDirectory).path }

    init(commonDirectory: String) {
        self.commonDirectory = commonDirectory
    }

    /// The commands that were agreed to.
    var trusted: Set<String> { TrustedCommands(commonDirectory: commonDirectory).all }

    /// Agrees to commands for good.
    func add(_ commands: [String]) throws(UserError) {
        let all = trusted.union(commands)
        if all.count == trusted.count { return }
        try Folders.make(commonDirectory + "/bim", below: commonDirectory)
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .withoutEscapingSlashes]
        do {
            try encoder.encode(all.sorted()).write(to: URL(filePath: file), options: .atomic)
        } catch {
            throw UserError(.configInvalid, "cannot write '\(file)'", hint: "ls -ld '\(file)'", cause: error)
        }
    }

    /// Lets the commands pass, or throws.
    ///
    /// - Throws: `FORBIDDEN` when a person says no, or when nobody can be asked.
    func require(
        _ commands: [String], isTrusted: Bool, repository: borrowing Repository, ask: Question
    ) throws(UserError) {
        let known = trusted
        let unknown = commands.filter { !known.contains($0) }
        if unknown.isEmpty { return }
        let foreign = isTrusted ? [] : OwnCommands.withoutOwn(unknown, in: repository)
        if foreign.isEmpty { return try add(unknown) }
        switch ask(foreign) {
        case true?: try add(unknown)
        case false?:
            throw UserError(.forbidden, "you did not agree to run \(Self.list(foreign))", hint: "bim-hooks trust")
        case nil:
            throw UserError(
                .forbidden, "somebody else's commit asks to run \(Self.list(foreign)), which was never run here",
                hint: "read it, then: bim-hooks trust (or BIM_TRUST=1 git push …)")
        }
    }

    private static func list(_ commands: [String]) -> String {
        commands.map { "'\($0)'" }.joined(separator: ", ")
    }
}
