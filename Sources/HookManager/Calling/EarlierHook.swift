internal import Diagnostics
internal import Glibc
internal import ProcessRunner
internal import Workspaces

/// A hook that stood where bim's script stands now.
struct EarlierHook: Sendable {
    /// Where it is now.
    let file: String
    /// Where it was, which its `$0` still says: hook managers read their hook's name and folder from there.
    let place: String

    /// Whether it is a script of bim-hooks.
    var isOurs: Bool {
        let text = ProcFile.read(file).map { String(decoding: $0, as: UTF8.self) } ?? ""
        let hook = place.split(separator: "/").last.map(String.init) ?? ""
        return HookScript.authorship(of: text, hook: hook) != .foreign
    }

    /// Runs it with what git gave, on the user's terminal, and returns its exit status, 0 when there is none.
    ///
    /// Like git, it passes over a file that is not executable.
    func run(arguments: [String], input: [UInt8], environment: [String: String]) async throws(UserError) -> Int32 {
        guard access(file, X_OK) == 0 else { return 0 }
        let stage = try Stage(for: self)
        let command = Command(stage.command[0], stage.command.dropFirst() + arguments, environment: environment)
        do {
            switch try await command.runInForeground(input: input) {
            case .exited(let status): return status
            case .signaled(let number): return 128 + number
            }
        } catch  where error.kind == .canceled {
            throw UserError(.interrupted, "the hook '\(file)' was interrupted", hint: "try again")
        } catch {
            throw UserError(
                .configInvalid, "the hook '\(file)' could not be run: \(error.detail)", hint: "head -1 '\(file)'")
        }
    }
}

/// What makes a moved file believe that it is where it was.
private struct Stage: ~Copyable {
    /// Program and arguments, before those of the hook.
    let command: [String]
    private let folder: String?

    private static let shells: Set<String> = ["sh", "bash", "dash", "ash", "ksh", "zsh"]

    init(for hook: EarlierHook) throws(UserError) {
        if hook.file == hook.place {
            (command, folder) = ([hook.file], nil)
        } else if let shell = Self.shell(of: hook.file) {
            // A shell reads the file itself, so that $0 can be what it was.
            command = shell + ["-c", ". \"$0\(HookScript.keptSuffix)\"", hook.place]
            folder = nil
        } else {
            let name = hook.place.split(separator: "/").last.map(String.init) ?? "hook"
            let folder = try Self.temporaryFolder()
            guard let target = realpath(hook.file, nil) else { throw Folders.failure(hook.file) }
            defer { free(target) }
            guard symlink(target, "\(folder)/\(name)") == 0 else { throw Folders.failure(folder) }
            (command, self.folder) = (["\(folder)/\(name)"], folder)
        }
    }

    deinit {
        if let folder { _ = SnapshotSweep.remove(folder) }
    }

    /// The interpreter that the first line names, when it is a shell; a file without such a line is one for `sh`.
    private static func shell(of file: String) -> [String]? {
        guard let bytes = ProcFile.read(file)?.prefix(256), bytes.first != 0x7F else { return nil }
        guard bytes.starts(with: Array("#!".utf8)) else { return ["/bin/sh"] }
        let line = String(decoding: bytes.dropFirst(2).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
        // As the kernel does it: the rest of the line is one argument.
        let words = line.split(maxSplits: 1, whereSeparator: \.isWhitespace).map(trimmed)
        let names = line.split(whereSeparator: \.isWhitespace).filter { !$0.hasPrefix("-") }
            .map { $0.split(separator: "/").last ?? "" }
        let shell = names.first == "env" ? names.dropFirst().first : names.first
        return shell.map(String.init).map(shells.contains) == true ? words : nil
    }

    private static func trimmed(_ text: Substring) -> String {
        var rest = text.drop(while: \.isWhitespace)
        while rest.last?.isWhitespace == true { rest.removeLast() }
        return String(rest)
    }

    private static func temporaryFolder() throws(UserError) -> String {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/bim-hook-XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw Folders.failure(parent) }
        return String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
