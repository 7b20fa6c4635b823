internal import Glibc

/// Decides whether another user could have prepared a repository, by git's own rule (`safe.directory` in git-config).
struct Ownership {
    let gitDirectory: String
    let workTree: String?
    let environment: [String: String]

    /// Throws `.foreignOwner` for a repository that is not the user's and not declared safe.
    func check() throws(GitError) {
        let places = [gitDirectory, workTree, workTree.map { "\($0)/.git" }].compactMap { $0 }
        guard let foreign = places.first(where: { !belongsToUser($0) }) else { return }
        let subject = workTree ?? gitDirectory
        if try isDeclaredSafe(subject) { return }
        throw GitError(.foreignOwner, .open, "'\(subject)': '\(foreign)' belongs to another user")
    }

    private func belongsToUser(_ path: String) -> Bool {
        var status = stat()
        guard lstat(path, &status) == 0 else { return errno == ENOENT }
        let user = geteuid()
        // Root by `sudo` may use what the user who called it owns.
        return status.st_uid == user || user == 0 && environment["SUDO_UID"].flatMap { UInt32($0) } == status.st_uid
    }

    /// Reads only what the repository itself cannot have written: the system's, the user's and the command's values.
    private func isDeclaredSafe(_ folder: String) throws(GitError) -> Bool {
        let files = ConfigurationFiles.protected(environment)
        let entries = try files.entries(repository: nil) + CommandLineConfiguration.entries(in: environment)
        var isSafe = false
        for value in Configuration(entries: entries).strings("safe.directory") {
            switch value {
            case "": isSafe = false
            case "*": isSafe = true
            default: isSafe = isSafe || names(value, folder)
            }
        }
        return isSafe
    }

    private func names(_ value: String, _ folder: String) -> Bool {
        let isHome = value.hasPrefix("~/")
        let pattern = isHome ? (environment["HOME"] ?? "") + value.dropFirst(1) : value
        if pattern.hasSuffix("/*") { return folder.hasPrefix(pattern.dropLast(1)) }
        return pattern == folder || pattern == folder + "/" || realPath(pattern) == folder
    }

    private func realPath(_ path: String) -> String? {
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }
}
