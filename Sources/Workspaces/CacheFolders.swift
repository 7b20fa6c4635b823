/// The folders of a snapshot that tests fill and that the next run shall find again.
package struct CacheFolders: Sendable {
    /// The build caches of common tools.
    package static let usual = [".build", "node_modules", "target", ".venv"]

    private var names: Set<[UInt8]> = []
    private var paths: Set<[UInt8]> = []

    /// Takes names, which hold in every folder, and paths from the root.
    ///
    /// - Parameter usual: names that hold besides.
    package init(_ folders: [String], usual: [String] = usual) {
        for folder in folders + usual {
            if folder.contains("/") { paths.insert(Array(folder.utf8)) } else { names.insert(Array(folder.utf8)) }
        }
    }

    package enum Verdict { case keep, lookInside, remove }

    /// What becomes of a folder that is not in the tree.
    package func verdict(name: [UInt8], path: [UInt8]) -> Verdict {
        if names.contains(name) || paths.contains(path) { return .keep }
        let prefix = path + [UInt8(ascii: "/")]
        return paths.contains { $0.starts(with: prefix) } ? .lookInside : .remove
    }
}
