internal import GitCore
internal import ProcessRunner
internal import ProjectConfig

/// Finds the commands that were written in this repository, as the reflogs know it: a commit that was made here and that
/// brought the command into `bim.yml`.
///
/// Commits that came by clone, fetch, pull, merge, cherry-pick or rebase have other words in the reflog.
enum OwnCommands {
    /// Returns the commands that came from elsewhere.
    static func withoutOwn(_ commands: [String], in repository: borrowing Repository) -> [String] {
        var foreign = commands
        for entry in entries(of: repository) {
            let before = Set(self.commands(atCommit: entry.old, repository))
            let own = Set(self.commands(atCommit: entry.new, repository)).subtracting(before)
            foreign.removeAll { own.contains($0) }
            if foreign.isEmpty { break }
        }
        return foreign
    }

    /// The commands of the index that its user is about to bring in: HEAD does not have them, and no merge, cherry-pick,
    /// revert or rebase is under way that may have.
    static func staged(_ commands: [String], in repository: borrowing Repository) -> [String] {
        let foreign = ["MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "rebase-merge", "rebase-apply", "SQUASH_MSG"]
        let names = ProcFile.names(in: repository.gitDirectory)
        guard !foreign.contains(where: names.contains) else { return [] }
        let head = (try? repository.resolve("HEAD")).map { self.commands(atCommit: $0, repository) } ?? []
        return commands.filter { !head.contains($0) }
    }

    /// Every command line that a commit brings along: those of its `bim.yml`, else the test script of its `app.json`.
    static func commands(atCommit id: ObjectID, _ repository: borrowing Repository) -> [String] {
        guard !id.isZero, let commit = try? repository.commit(id),
            let config = try? repository.projectConfig(ofTree: commit.tree)
        else { return [] }
        let commands = config.hooks.values.flatMap { $0.map(\.commandLine) } + (config.deploy?.commandLines ?? [])
        if config.hooks["pre-push"] != nil { return commands }
        return commands + detected(commit.tree, repository)
    }

    private static func detected(_ tree: ObjectID, _ repository: borrowing Repository) -> [String] {
        guard (try? repository.blob(at: "app.json", inTree: tree)) != nil,
            let files = try? TreeFiles(
                RepositoryLocation(environment: [:], folder: repository.gitDirectory), tree: tree),
            let found = TestCommand.detect(in: files)?.check.commandLine, !TestCommand.isCommon(found)
        else { return [] }
        return [found]
    }

    /// The commits that `git commit` made here, the newest first.
    private static func entries(of repository: borrowing Repository) -> [(old: ObjectID, new: ObjectID)] {
        let common = repository.commonDirectory
        let worktrees = ProcFile.names(in: "\(common)/worktrees").map { "\(common)/worktrees/\($0)/logs/HEAD" }
        let logs = ["\(common)/logs/HEAD"] + worktrees + branchLogs(in: "\(common)/logs/refs/heads")
        return logs.flatMap { log in
            (ProcFile.read(log) ?? []).split(separator: UInt8(ascii: "\n")).reversed().compactMap(commit)
        }
    }

    private static func branchLogs(in folder: String) -> [String] {
        ProcFile.names(in: folder).flatMap { name in
            let path = "\(folder)/\(name)"
            let inner = branchLogs(in: path)
            return inner.isEmpty ? [path] : inner
        }
    }

    /// `<old> <new> <who and when>\tcommit: <summary>`; a merge commit's files are others' too.
    private static func commit(_ line: ArraySlice<UInt8>) -> (old: ObjectID, new: ObjectID)? {
        guard let tab = line.firstIndex(of: UInt8(ascii: "\t")) else { return nil }
        let message = line[(tab + 1)...]
        let isCommit = ["commit:", "commit (initial):", "commit (amend):"].contains { message.starts(with: $0.utf8) }
        let ids = line.split(separator: UInt8(ascii: " "), maxSplits: 2)
        guard isCommit, ids.count == 3, let old = ObjectID(hex: String(decoding: ids[0], as: UTF8.self)),
            let new = ObjectID(hex: String(decoding: ids[1], as: UTF8.self))
        else { return nil }
        return (old, new)
    }
}
