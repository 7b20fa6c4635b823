import Glibc

/// Finding a program the way a shell does, before anything is started.
package enum ExecutableLookup {
    /// Where programs are looked for when an environment has no `PATH`.
    package static let defaultPath = "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin"

    /// Returns the path of the first executable file called `name` in the folders of `path`; relative folders are
    /// skipped.
    package static func find(_ name: String, path: String?) -> String? {
        candidates(name, path: path).first(where: isExecutableFile)
    }

    /// Returns the path to start for a name or a path.
    ///
    /// - Throws: `ProcessError` with `notFound` or `notExecutable`.
    static func resolve(_ command: Command) throws(ProcessError) -> String {
        let candidates =
            command.executable.contains("/")
            ? [absolute(command.executable, in: command.workingDirectory)]
            : candidates(command.executable, path: command.environment["PATH"])
        if let found = candidates.first(where: isExecutableFile) { return found }
        let exists = candidates.contains { access($0, F_OK) == 0 }
        throw ProcessError(exists ? .notExecutable : .notFound, command: command.name)
    }

    private static func candidates(_ name: String, path: String?) -> [String] {
        guard !name.isEmpty else { return [] }
        return (path ?? defaultPath).split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }
    }

    private static func absolute(_ path: String, in workingDirectory: String?) -> String {
        guard let workingDirectory, !path.hasPrefix("/") else { return path }
        return "\(workingDirectory)/\(path)"
    }

    private static func isExecutableFile(_ path: String) -> Bool {
        var status = stat()
        guard access(path, X_OK) == 0, stat(path, &status) == 0 else { return false }
        return status.st_mode & S_IFMT == S_IFREG
    }
}
