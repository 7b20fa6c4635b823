internal import Diagnostics
internal import Glibc
internal import ProcessRunner

/// A folder in which git looks for hooks.
struct HookFolder: Sendable {
    let path: String

    /// What stands in the place of a hook.
    struct Occupant: Sendable, Equatable {
        let authorship: HookScript.Authorship
        let isExecutable: Bool
        /// The text, bytes that are no UTF-8 replaced; empty for what cannot be read.
        let text: String
    }

    func file(of hook: String) -> String { "\(path)/\(hook)" }

    func keptFile(of hook: String) -> String { file(of: hook) + HookScript.keptSuffix }

    /// What there is for a hook; nil for nothing.
    func occupant(of hook: String) -> Occupant? {
        let file = file(of: hook)
        guard Self.exists(file) else { return nil }
        let text = ProcFile.read(file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        return Occupant(
            authorship: HookScript.authorship(of: text, hook: hook), isExecutable: access(file, X_OK) == 0, text: text)
    }

    /// Puts a script in its place; what is there is kept beside it, so that the script runs it first.
    ///
    /// - Throws: `CONFIG_INVALID` where a script of ours was edited, where a kept hook would be lost, or where the folder
    ///   cannot be written.
    func install(_ script: HookScript) throws(UserError) -> HookChange {
        let file = file(of: script.hook)
        let kept = keptFile(of: script.hook)
        guard mkdir(path, 0o755) == 0 || errno == EEXIST else { throw Self.unwritable(path) }
        guard let present = occupant(of: script.hook) else {
            try write(script.text, to: file)
            return HookChange(
                hook: script.hook, place: file, kind: .installed(keptEarlier: Self.exists(kept)))
        }
        switch present.authorship {
        case .edited: throw Self.edited(file)
        case .intact:
            let isSame = present.text == script.text && present.isExecutable
            if !isSame { try write(script.text, to: file) }
            return HookChange(hook: script.hook, place: file, kind: isSame ? .upToDate : .updated)
        case .foreign:
            guard !Self.exists(kept) else {
                throw UserError(
                    .configInvalid, "'\(file)' is a hook, and '\(kept)' keeps an earlier one already",
                    hint: "move one of the two away and run this again")
            }
            guard rename(file, kept) == 0 else { throw Self.unwritable(file) }
            do {
                try write(script.text, to: file)
            } catch {
                rename(kept, file)
                throw error
            }
            return HookChange(hook: script.hook, place: file, kind: .installed(keptEarlier: true))
        }
    }

    /// Takes the script of a hook away and puts back the one that was there before it; nil when there is none of ours.
    ///
    /// - Throws: `CONFIG_INVALID` where the script was edited.
    func uninstall(_ hook: String) throws(UserError) -> HookChange? {
        let file = file(of: hook)
        guard let present = occupant(of: hook), present.authorship != .foreign else { return nil }
        guard present.authorship == .intact else { throw Self.edited(file) }
        // One step where there is an earlier hook: at no moment is there none.
        if rename(keptFile(of: hook), file) == 0 {
            return HookChange(hook: hook, place: file, kind: .removed(restoredEarlier: true))
        }
        guard unlink(file) == 0 else { throw Self.unwritable(file) }
        return HookChange(hook: hook, place: file, kind: .removed(restoredEarlier: false))
    }

    /// A hook appears whole: git may run it at any moment.
    private func write(_ text: String, to file: String) throws(UserError) {
        let partial = "\(file).\(getpid()).new"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o755)
        let bytes = Array(text.utf8)
        let isWritten = descriptor >= 0 && Glibc.write(descriptor, bytes, bytes.count) == bytes.count
        if descriptor >= 0 { close(descriptor) }
        guard isWritten, rename(partial, file) == 0 else {
            let error = Self.unwritable(file)
            unlink(partial)
            throw error
        }
    }

    /// Whether something has the name, be it a link to nothing.
    private static func exists(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0
    }

    private static func edited(_ file: String) -> UserError {
        UserError(
            .configInvalid, "'\(file)' was made by bim-hooks and edited since", hint: "move it away and run this again")
    }

    private static func unwritable(_ file: String) -> UserError {
        let reason = String(cString: strerror(errno))
        return UserError(
            .configInvalid, "'\(file)' cannot be written: \(reason)",
            hint: "make its folder writable and run this again")
    }
}
