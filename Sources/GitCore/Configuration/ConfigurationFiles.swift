internal import CGit2
internal import Glibc

/// Lists the configuration files that hold in a repository, by git's rules (git-config, “FILES”).
///
/// libgit2 1.5 knows neither `GIT_CONFIG_GLOBAL`, `GIT_CONFIG_SYSTEM` and `GIT_CONFIG_NOSYSTEM` nor `config.worktree`.
struct ConfigurationFiles {
    let files: [(level: git_config_level_t, path: String)]

    /// The files that a repository cannot have brought with it.
    static func protected(_ environment: [String: String]) -> ConfigurationFiles {
        var files: [(level: git_config_level_t, path: String)] = []
        if Configuration.boolean(environment["GIT_CONFIG_NOSYSTEM"]) != true {
            files.append((GIT_CONFIG_LEVEL_SYSTEM, environment["GIT_CONFIG_SYSTEM"] ?? "/etc/gitconfig"))
        }
        if let global = environment["GIT_CONFIG_GLOBAL"] {
            files.append((GIT_CONFIG_LEVEL_GLOBAL, global))
            return ConfigurationFiles(files: files)
        }
        let home = environment["HOME"]
        let configured = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
        if let folder = configured ?? home.map({ "\($0)/.config" }) {
            files.append((GIT_CONFIG_LEVEL_XDG, "\(folder)/git/config"))
        }
        if let home { files.append((GIT_CONFIG_LEVEL_GLOBAL, "\(home)/.gitconfig")) }
        return ConfigurationFiles(files: files)
    }

    /// The worktree's own file, when the repository says that it has such.
    static func ofWorktree(gitDirectory: String, commonDirectory: String) -> ConfigurationFiles {
        let none = ConfigurationFiles(files: [])
        let path = "\(gitDirectory)/config.worktree"
        guard access(path, R_OK) == 0 else { return none }
        let local = ConfigurationFiles(files: [(GIT_CONFIG_LEVEL_LOCAL, "\(commonDirectory)/config")])
        let entries = (try? local.entries(repository: nil)) ?? []
        let isOn = try? Configuration(entries: entries).bool("extensions.worktreeconfig")
        return isOn == true ? ConfigurationFiles(files: [(GIT_CONFIG_LEVEL_APP, path)]) : none
    }

    /// Opens the files as one configuration; absent and unreadable ones count as empty, as git has it.
    func open(repository: OpaquePointer?) throws(GitError) -> Handle {
        let configuration = try Handle(.configure, "configuration", free: git_config_free) { git_config_new(&$0) }
        for file in files where access(file.path, R_OK) == 0 {
            try gate(.configure, file.path) {
                git_config_add_file_ondisk(configuration.raw, file.path, file.level, repository, 0)
            }
        }
        return configuration
    }

    /// Reads all values, those of the least important file first.
    ///
    /// - Parameter repository: decides the conditions of `includeIf`.
    func entries(repository: OpaquePointer?) throws(GitError) -> [Configuration.Entry] {
        let configuration = try open(repository: repository)
        let iterator = try Handle(.configure, "configuration", free: git_config_iterator_free) {
            git_config_iterator_new(&$0, configuration.raw)
        }
        var entries: [Configuration.Entry] = []
        var entry: UnsafeMutablePointer<git_config_entry>?
        while git_config_next(&entry, iterator.raw) == 0, let found = entry?.pointee {
            let value = found.value.map { String(cString: $0) }
            entries.append(Configuration.Entry(key: String(cString: found.name), value: value))
        }
        return entries
    }
}

extension Repository {
    /// Reads the configuration: system, user, repository, worktree, then `git -c` and its kin from the environment.
    /// - Throws: `.invalidConfiguration` naming the file, or the variable, that cannot be parsed.
    public func configuration() throws(GitError) -> Configuration {
        let files = try configurationFiles().entries(repository: handle.raw)
        return Configuration(entries: files + (try CommandLineConfiguration.entries(in: environment)))
    }

    func configurationFiles() -> ConfigurationFiles {
        let worktree = ConfigurationFiles.ofWorktree(gitDirectory: gitDirectory, commonDirectory: commonDirectory)
        let local = (level: GIT_CONFIG_LEVEL_LOCAL, path: "\(commonDirectory)/config")
        return ConfigurationFiles(files: ConfigurationFiles.protected(environment).files + [local] + worktree.files)
    }
}
