import Glibc
import ProcessRunner

/// Language tools of this machine that live outside `/usr`, and what of the file system they need.
///
/// A tool is found on the platform's own `PATH`; the folder above its `bin` is lent read-only at its own path, and so
/// is that of the file it is a link to. A user's home, whatever contains it, and whatever contains a hidden folder are
/// never lent.
struct HostTools: Sendable, Equatable {
    static let names = [
        "python3", "python", "node", "npm", "deno", "bun", "go", "swift", "java", "ruby", "bundle", "php", "perl",
        "elixir",
        "erl", "dotnet", "cargo",
    ]

    /// The folders to lend, each once and none inside another.
    var folders: [String] = []
    /// The `bin` folders to put on the `PATH`, in the platform's order.
    var path: [String] = []

    /// - Parameters:
    ///   - home: the platform user's home, or nil when there is none.
    ///   - hidden: folders that must not become visible, not even as part of another.
    static func find(path: String?, home: String?, hidden: [String]) -> HostTools {
        var tools = HostTools()
        let forbidden = (hidden + [home].compactMap { $0 }).flatMap { [$0, resolved($0)].compactMap { $0 } }
        for folder in (path ?? "").split(separator: ":").map(String.init) where folder.hasPrefix("/") {
            for name in names {
                guard ExecutableLookup.find(name, path: folder) != nil, let target = resolved("\(folder)/\(name)")
                else { continue }
                let lent = [folder, parent(target)].map { lentFolder(forPrograms: $0) }.filter { !isOfSystem($0) }
                guard !lent.isEmpty, !lent.contains(where: { isForbidden($0, forbidden) }) else { continue }
                tools.add(lent, bin: folder)
            }
        }
        return tools
    }

    private mutating func add(_ lent: [String], bin: String) {
        for folder in lent where !folders.contains(where: { Self.contains($0, folder) }) {
            folders.removeAll { Self.contains(folder, $0) }
            folders.append(folder)
        }
        if !path.contains(bin) { path.append(bin) }
    }

    /// The installation's root for `…/bin`; elsewhere, and for the catch-all `~/.local`, the folder itself.
    private static func lentFolder(forPrograms folder: String) -> String {
        let above = parent(folder)
        return folder.hasSuffix("/bin") && !above.hasSuffix("/.local") ? above : folder
    }

    private static func isOfSystem(_ folder: String) -> Bool {
        ["/usr", "/bin", "/sbin"].contains { contains($0, folder) }
    }

    private static func isForbidden(_ folder: String, _ forbidden: [String]) -> Bool {
        folder == "/" || folder.isEmpty || contains("/app", folder) || forbidden.contains { contains(folder, $0) }
    }

    /// True for `folder` itself and everything below it.
    static func contains(_ folder: String, _ path: String) -> Bool {
        path == folder || path.hasPrefix(folder == "/" ? "/" : folder + "/")
    }

    private static func parent(_ path: String) -> String {
        guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
        return String(path[..<slash])
    }

    private static func resolved(_ path: String) -> String? {
        guard let real = realpath(path, nil) else { return nil }
        defer { free(real) }
        return String(cString: real)
    }
}
