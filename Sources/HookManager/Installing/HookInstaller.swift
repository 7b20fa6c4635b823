package import Diagnostics
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// Puts bim's script in the place of a repository's hook, and takes it away again to the byte.
package struct HookInstaller: Sendable {
    /// What installing or removing changed.
    package enum Change: Sendable, Equatable {
        case installed(path: String, keptEarlier: Bool)
        case removed(path: String, restoredEarlier: Bool)
        case nothing
    }

    private let environment: [String: String]
    private let folder: String

    package init(environment: [String: String], folder: String) {
        self.environment = environment
        self.folder = folder
    }

    /// Installs the script of a hook; an earlier hook is kept and goes on being run first.
    ///
    /// - Throws: `CONFIG_INVALID` where a script of ours was edited, or the folder cannot be written.
    package func install(_ hook: String) async throws(UserError) -> Change {
        let path = try await hookFolder() + "/" + hook
        let script = HookScript(hook: hook)
        if let present = Self.text(of: path) {
            if present == script.text { return .nothing }
            if HookScript.isOurs(present) { throw Self.edited(path) }
            guard rename(path, path + HookScript.keptSuffix) == 0 else { throw Self.unwritable(path) }
            do {
                try Self.write(script.text, to: path)
            } catch {
                rename(path + HookScript.keptSuffix, path)
                throw error
            }
            return .installed(path: path, keptEarlier: true)
        }
        try Self.write(script.text, to: path)
        return .installed(path: path, keptEarlier: false)
    }

    /// Removes the script of a hook and puts back the one that was there before it.
    ///
    /// - Throws: `CONFIG_INVALID` where the script was edited.
    package func uninstall(_ hook: String) async throws(UserError) -> Change {
        let path = try await hookFolder() + "/" + hook
        guard let present = Self.text(of: path), HookScript.isOurs(present) else { return .nothing }
        guard present == HookScript(hook: hook).text else { throw Self.edited(path) }
        let kept = path + HookScript.keptSuffix
        // One step where there is an earlier hook: at no moment is there none.
        if rename(kept, path) == 0 { return .removed(path: path, restoredEarlier: true) }
        guard unlink(path) == 0 else { throw Self.unwritable(path) }
        return .removed(path: path, restoredEarlier: false)
    }

    /// Where git looks for hooks: `core.hooksPath`, else the folder that all worktrees share.
    private func hookFolder() async throws(UserError) -> String {
        let command = Command(
            "git", ["rev-parse", "--path-format=absolute", "--git-path", "hooks"], environment: environment,
            workingDirectory: folder)
        guard let answer = try? await command.capture(deadline: .seconds(10)), answer.status.isSuccess else {
            throw UserError(
                .configInvalid, "this folder is not a git repository", hint: "git init, or change into a repository")
        }
        let path = String(answer.text.prefix { $0 != "\n" })
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw Self.unwritable(path) }
        return path
    }

    private static func text(of path: String) -> String? {
        ProcFile.read(path).map { String(decoding: $0, as: UTF8.self) }
    }

    /// A hook appears whole: git may run it at any moment.
    private static func write(_ text: String, to path: String) throws(UserError) {
        let partial = "\(path).\(getpid()).new"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o755)
        let bytes = Array(text.utf8)
        let isWritten = descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        if descriptor >= 0 { close(descriptor) }
        guard isWritten, rename(partial, path) == 0 else {
            unlink(partial)
            throw unwritable(path)
        }
    }

    private static func edited(_ path: String) -> UserError {
        UserError(
            .configInvalid, "'\(path)' was made by bim-hooks and edited since", hint: "move it away and run this again")
    }

    private static func unwritable(_ path: String) -> UserError {
        UserError(.configInvalid, "'\(path)' cannot be written", hint: "make its folder writable and run this again")
    }
}
