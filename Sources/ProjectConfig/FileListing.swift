/// The files of one commit, as far as finding its run command needs them.
package protocol FileListing {
    /// Returns the text of a file; nil when it is missing, too large or not UTF-8.
    func text(_ path: String) -> String?

    /// Tells whether there is a file or folder at the path.
    func exists(_ path: String) -> Bool

    /// Returns what a folder holds; `""` is the root, a missing folder holds nothing.
    func names(in folder: String) -> [(name: String, isExecutable: Bool, isDirectory: Bool)]
}

extension FileListing {
    /// The paths of the executable files right in a folder, in byte order.
    func executables(in folder: String) -> [String] {
        names(in: folder).filter { $0.isExecutable && !$0.isDirectory }
            .map { folder.isEmpty ? $0.name : "\(folder)/\($0.name)" }
            .sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }
}
