import Foundation
import Testing

/// A repository with checks, whose remote is a plain bare repository: pushes to it deploy nothing.
struct HookProject {
    let sandbox: Sandbox
    let project: Project
    var folder: String { project.folder }

    init() async throws {
        sandbox = try Sandbox()
        let remote = "\(sandbox.root)/remote.git"
        try await sandbox.git("init --quiet --bare \(remote)").success()
        project = try await Project(in: sandbox, remote: remote)
    }

    /// One check of `bim.yml`; `more` is YAML for further keys.
    static func check(_ name: String, _ run: String, _ more: String = "remotes: ['*']") -> String {
        let quoted = run.replacingOccurrences(of: "'", with: "''")
        return "    \(name): { run: '\(quoted)', \(more) }\n"
    }

    /// Commits a `bim.yml` with checks for a hook, and other files with it.
    @discardableResult
    func commit(_ checks: String..., hook: String = "pre-push", files: [String: String] = [:]) async throws -> String {
        let text = "hooks:\n  \(hook):\n" + checks.joined()
        return try await project.commit("Checks", files.merging(["bim.yml": text]) { $1 })
    }

    @discardableResult
    func hooks(
        _ words: String, in folder: String? = nil, _ extra: [String: String] = [:]
    ) async throws -> Finished {
        try await sandbox.run(
            ["bim-hooks"] + words.split(separator: " ").map(String.init), in: folder ?? self.folder, extra)
    }

    @discardableResult
    func git(_ words: String, in folder: String? = nil, _ extra: [String: String] = [:]) async throws -> Finished {
        try await sandbox.git(words, in: folder ?? self.folder, extra)
    }

    @discardableResult
    func push(_ words: String = "main", _ extra: [String: String] = [:]) async throws -> Finished {
        try await project.push(words, extra)
    }

    func text(_ path: String) -> String? { try? String(contentsOfFile: path, encoding: .utf8) }

    /// The lines that the checks appended to a file of the sandbox.
    func lines(_ name: String) -> [String] {
        (text("\(sandbox.root)/\(name)") ?? "").split(separator: "\n").map(String.init)
    }

    /// Every file below a folder with its bytes, rights and link target; bim's own records are left out.
    static func contents(of folder: String) throws -> [String: String] {
        var found: [String: String] = [:]
        let manager = FileManager.default
        for path in try manager.subpathsOfDirectory(atPath: folder) where !isRecord(path) {
            let full = "\(folder)/\(path)"
            let attributes = try manager.attributesOfItem(atPath: full)
            let rights = (attributes[.posixPermissions] as? Int).map { String($0, radix: 8) } ?? ""
            switch attributes[.type] as? FileAttributeType {
            case .typeRegular:
                found[path] = rights + " " + (manager.contents(atPath: full) ?? Data()).base64EncodedString()
            case .typeSymbolicLink: found[path] = try manager.destinationOfSymbolicLink(atPath: full)
            default: found[path] = rights
            }
        }
        return found
    }

    private static func isRecord(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        guard let position = parts.lastIndex(of: "bim") else { return false }
        let before = parts[..<position].last
        return before == nil || before == ".git" || parts[..<position].contains("modules")
    }
}

extension Sandbox {
    /// Writes a program through another program: a file that this process, with its many threads, has open for writing
    /// cannot be started while one of them starts something else.
    func writeProgram(_ path: String, _ text: String) async throws {
        let script = "mkdir -p \"${1%/*}\" && rm -f \"$1\" && printf %s \"$2\" >\"$1\" && chmod 755 \"$1\""
        try await run(["sh", "-c", script, "sh", path, text]).success()
    }
}
