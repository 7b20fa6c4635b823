import Glibc
import ProcessRunner

/// Language tools of this machine that live outside `/usr`, and what of the file system they need.
///
/// A tool is found on the platform's own `PATH`; the folder above its `bin` is lent read-only at its own path, and so
/// is that of the file it is a link to. In a user's home the folder above may hold anything, keys and settings too: only
/// where a version manager installs is it lent, elsewhere the `bin` folder alone. The home itself, whatever contains it,
/// and whatever contains a hidden folder are never lent.
package struct HostTools: Sendable, Equatable {
    package static let names = [
        "python3", "python", "node", "npm", "deno", "bun", "go", "swift", "java", "ruby", "bundle", "php", "perl",
        "elixir", "erl", "dotnet",
    ]

    /// Where version managers put a toolchain in a home, as paths of `bin` folders; `*` is any one name.
    static let toolchains = [
        ".asdf/installs/*/*/bin", ".goenv/versions/*/bin", ".jenv/versions/*/bin",
        ".local/share/fnm/node-versions/*/installation/bin", ".local/share/mise/installs/*/*/bin",
        ".local/share/swiftly/toolchains/*/usr/bin", ".local/share/uv/python/*/bin", ".nodenv/versions/*/bin",
        ".nvm/versions/node/*/bin", ".phpenv/versions/*/bin", ".pyenv/versions/*/bin", ".rbenv/versions/*/bin",
        ".sdkman/candidates/*/*/bin", ".volta/tools/image/*/*/bin", "sdk/*/bin",
    ].map { $0.split(separator: "/") }

    /// The folders to lend, each once and none inside another.
    package var folders: [String] = []
    /// The `bin` folders to put on the `PATH`, in the platform's order.
    package var path: [String] = []

    /// Makes a value that lends nothing.
    package init() {}

    /// - Parameters:
    ///   - home: the platform user's home, or nil when there is none.
    ///   - hidden: folders that must not become visible, not even as part of another.
    ///   - names: the programs to look for.
    package static func find(
        path: String?, home: String?, hidden: [String], names: [String] = names
    ) -> HostTools {
        var tools = HostTools()
        let homes = withResolved(home.map { [$0] } ?? [])
        let forbidden = withResolved(hidden) + homes
        for folder in (path ?? "").split(separator: ":").map(String.init) where folder.hasPrefix("/") {
            for name in names {
                guard ExecutableLookup.find(name, path: folder) != nil, let target = resolved("\(folder)/\(name)")
                else { continue }
                let lent = [folder, parent(target)].map { lentFolder(forPrograms: $0, homes: homes) }
                    .filter { !isOfSystem($0) }
                guard !lent.isEmpty, !withResolved(lent).contains(where: { isForbidden($0, forbidden) }) else {
                    continue
                }
                tools.add(lent, bin: folder)
            }
        }
        return tools
    }

    /// The paths and, where they are links or lie behind one, what they stand for.
    private static func withResolved(_ paths: [String]) -> [String] {
        paths.flatMap { [$0, resolved($0)].compactMap { $0 } }
    }

    private mutating func add(_ lent: [String], bin: String) {
        for folder in lent where !folders.contains(where: { Self.contains($0, folder) }) {
            folders.removeAll { Self.contains(folder, $0) }
            folders.append(folder)
        }
        if !path.contains(bin) { path.append(bin) }
    }

    /// The installation's root for `…/bin`; elsewhere, and in a home that is no toolchain's, the folder itself.
    private static func lentFolder(forPrograms folder: String, homes: [String]) -> String {
        let home = homes.first { home in withResolved([folder]).contains { contains(home, $0) } }
        let above = parent(folder)
        guard folder.hasSuffix("/bin"), !above.hasSuffix("/.local"), home == nil || isToolchain(folder, in: homes)
        else { return folder }
        return above
    }

    /// Whether a `bin` folder, wherever links lead from it, is one that a version manager made in a home.
    private static func isToolchain(_ folder: String, in homes: [String]) -> Bool {
        homes.contains { home in
            guard let real = resolved(folder), contains(home, real) else { return false }
            let parts = real.dropFirst(home.count).split(separator: "/")
            return toolchains.contains { layout in
                layout.count == parts.count && zip(layout, parts).allSatisfy { $0 == "*" || $0 == $1 }
            }
        }
    }

    private static func isOfSystem(_ folder: String) -> Bool {
        ["/usr", "/bin", "/sbin"].contains { contains($0, folder) }
    }

    private static func isForbidden(_ folder: String, _ forbidden: [String]) -> Bool {
        folder == "/" || folder.isEmpty || contains("/app", folder) || forbidden.contains { contains(folder, $0) }
    }

    /// True for `folder` itself and everything below it.
    package static func contains(_ folder: String, _ path: String) -> Bool {
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
