internal import CGit2

extension Repository {
    /// Counts the files that differ from `HEAD`: staged, unstaged and untracked ones that are not ignored.
    ///
    /// Submodules are not looked into, the index is not refreshed. 0 in a bare repository.
    public func changedFileCount() throws(GitError) -> Int {
        guard let workTree else { return 0 }
        let configuration = try configurationFiles().open(repository: handle.raw)
        try gate(.compare, workTree) { git_repository_set_config(handle.raw, configuration.raw) }
        if let indexFile { try useIndex(indexFile) }
        var options = git_status_options()
        try gate(.compare, workTree) { git_status_options_init(&options, UInt32(GIT_STATUS_OPTIONS_VERSION)) }
        options.show = GIT_STATUS_SHOW_INDEX_AND_WORKDIR
        options.flags =
            GIT_STATUS_OPT_INCLUDE_UNTRACKED.rawValue | GIT_STATUS_OPT_RECURSE_UNTRACKED_DIRS.rawValue
            | GIT_STATUS_OPT_EXCLUDE_SUBMODULES.rawValue
        let list = try Handle(.compare, workTree, free: git_status_list_free) {
            git_status_list_new(&$0, handle.raw, &options)
        }
        let index = try Handle(.compare, workTree, free: git_index_free) { git_repository_index(&$0, handle.raw) }
        return (0..<git_status_list_entrycount(list.raw)).count { position in
            guard let entry = git_status_byindex(list.raw, position)?.pointee else { return false }
            return !Self.isLeftOut(entry, of: index.raw)
        }
    }

    private func useIndex(_ file: String) throws(GitError) {
        let index = try Handle(.compare, file, free: git_index_free) { git_index_open(&$0, file) }
        try gate(.compare, file) { git_repository_set_index(handle.raw, index.raw) }
    }

    /// Whether a file is absent because a sparse checkout does not want it, which the library takes for a deletion.
    private static func isLeftOut(_ entry: git_status_entry, of index: OpaquePointer) -> Bool {
        guard entry.status == GIT_STATUS_WT_DELETED, let path = entry.index_to_workdir?.pointee.old_file.path,
            let file = git_index_get_bypath(index, path, 0)
        else { return false }
        return UInt32(file.pointee.flags_extended) & GIT_INDEX_ENTRY_SKIP_WORKTREE.rawValue != 0
    }
}
