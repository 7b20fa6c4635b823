internal import CGit2

extension Repository {
    /// Decides where the working tree is, in git's order: environment, worktree configuration, repository, place.
    ///
    /// - Returns: nil for a bare repository.
    static func settleWorkTree(
        of raw: OpaquePointer, gitDirectory: String, commonDirectory: String, _ environment: [String: String],
        _ folder: String
    ) throws(GitError) -> String? {
        if let named = environment["GIT_WORK_TREE"], !named.isEmpty {
            return try setWorkTree(of: raw, to: absolute(named, in: folder))
        }
        guard git_repository_is_worktree(raw) == 0 else { return path(git_repository_workdir(raw)) }
        // The library does not read `config.worktree`, where `git sparse-checkout` moves these two keys.
        let files = ConfigurationFiles.ofWorktree(gitDirectory: gitDirectory, commonDirectory: commonDirectory)
        let configuration = Configuration(entries: try files.entries(repository: raw))
        if try configuration.bool("core.bare") == true { return nil }
        if let named = configuration.string("core.worktree") {
            return try setWorkTree(of: raw, to: absolute(named, in: gitDirectory))
        }
        guard let found = path(git_repository_workdir(raw)) else { return nil }
        // Without GIT_WORK_TREE and core.worktree, git takes the current folder for a GIT_DIR of another name.
        let isUsual = environment["GIT_DIR"] == nil || gitDirectory.hasSuffix("/.git")
        return isUsual || found != parent(of: gitDirectory) ? found : try setWorkTree(of: raw, to: folder)
    }

    private static func setWorkTree(of raw: OpaquePointer, to folder: String) throws(GitError) -> String? {
        try gate(.open, folder) { git_repository_set_workdir(raw, folder, 0) }
        return path(git_repository_workdir(raw))
    }

    private static func parent(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[..<$0]) } ?? path
    }
}
