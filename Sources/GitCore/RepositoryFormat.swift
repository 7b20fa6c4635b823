internal import CGit2

/// Tells why a repository that exists cannot be opened (gitrepository-layout, “repository format version”).
enum RepositoryFormat {
    static let knownExtensions: Set<String> = ["noop", "worktreeconfig", "preciousobjects", "partialclone"]

    /// Throws the precise error when the repository's format is the reason, and returns when it is not.
    static func check(at start: String, ceilings: String?) throws(GitError) {
        var buffer = git_buf()
        defer { git_buf_dispose(&buffer) }
        try gate(.open, start) { git_repository_discover(&buffer, start, 1, ceilings) }
        guard let gitDirectory = path(buffer.ptr) else { return }
        var commonDirectory = gitDirectory
        if let text = contents(ofFile: "\(gitDirectory)/commondir") {
            let name = String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            commonDirectory = absolute(name, in: gitDirectory)
        }
        let files = ConfigurationFiles(files: [(GIT_CONFIG_LEVEL_LOCAL, "\(commonDirectory)/config")])
        try check(Configuration(entries: try files.entries(repository: nil)), of: gitDirectory)
    }

    private static func check(_ configuration: Configuration, of repository: String) throws(GitError) {
        if let format = configuration.string("extensions.objectformat"), format.lowercased() != "sha1" {
            throw GitError(
                .unsupportedObjectFormat, .open, "'\(repository)': its object format is '\(format)', not 'sha1'")
        }
        let version = try configuration.int("core.repositoryformatversion") ?? 0
        if version > 1 {
            throw GitError(
                .unsupportedExtension, .open, "'\(repository)': its format version is \(version), not 0 or 1")
        }
        let prefix = "extensions."
        for entry in configuration.entries where entry.key.hasPrefix(prefix) {
            let name = String(entry.key.dropFirst(prefix.count))
            if !knownExtensions.contains(name) {
                throw GitError(.unsupportedExtension, .open, "'\(repository)': it uses the extension '\(name)'")
            }
        }
    }
}
