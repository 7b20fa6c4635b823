internal import CGit2
internal import Glibc

/// One name in a tree.
public struct TreeEntry: Hashable, Sendable {
    /// What the name stands for; the raw value is git's mode.
    public enum Mode: UInt32, Sendable {
        /// A file.
        case file = 0o100644
        /// A file that may be run.
        case executable = 0o100755
        /// A symbolic link; the blob is its target.
        case symlink = 0o120000
        /// A folder; the id is of a tree.
        case directory = 0o040000
        /// A submodule; the id is of a commit elsewhere.
        case gitlink = 0o160000
    }

    /// The name's bytes as git stores them; not promised to be safe as a file name.
    public let name: [UInt8]
    /// What the name stands for.
    public let mode: Mode
    /// The object behind the name.
    public let id: ObjectID
}

extension Repository {
    /// The entries of a tree in git's order: by bytes, a folder's name as if it ended in a slash.
    /// - Throws: `.missingObject`; `.wrongType` for anything but a tree.
    public func entries(ofTree id: ObjectID) throws(GitError) -> [TreeEntry] {
        let tree = try lookUpTree(id)
        return (0..<git_tree_entrycount(tree.raw)).compactMap { index -> TreeEntry? in
            guard let entry = git_tree_entry_byindex(tree.raw, index) else { return nil }
            return TreeEntry(
                name: rawName(of: entry),
                mode: TreeEntry.Mode(git_tree_entry_filemode(entry)),
                id: ObjectID(git_tree_entry_id(entry).pointee))
        }
    }

    /// The bytes of the blob at a path such as `config/app.yml`; of a symbolic link its target.
    /// - Returns: nil when the path is absent or not a blob.
    /// - Throws: `.missingObject` for an object that a partial clone left out; `.wrongType` when `id` is not a tree.
    public func blob(at path: String, inTree id: ObjectID) throws(GitError) -> [UInt8]? {
        var tree = id
        let names = path.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        for (index, name) in names.enumerated() {
            guard let entry = try entries(ofTree: tree).first(where: { $0.name.elementsEqual(name) }) else {
                return nil
            }
            switch (entry.mode, isLast: index == names.count - 1) {
            case (.directory, isLast: false): tree = entry.id
            case (.file, isLast: true), (.executable, isLast: true), (.symlink, isLast: true):
                return try bytes(ofBlob: entry.id)
            default: return nil
            }
        }
        return nil
    }

    private func lookUpTree(_ id: ObjectID) throws(GitError) -> Handle {
        try require(.tree, try kind(of: id), id)
        var oid = id.oid
        return try Handle(.read, id.hex, free: git_object_free) { git_tree_lookup(&$0, handle.raw, &oid) }
    }
}

/// The name as it is; `String` would repair what is not UTF-8.
private func rawName(of entry: OpaquePointer) -> [UInt8] {
    guard let name = git_tree_entry_name(entry) else { return [] }
    return Array(UnsafeRawBufferPointer(start: name, count: strlen(name)))
}

extension TreeEntry.Mode {
    init(_ mode: git_filemode_t) {
        switch mode {
        case GIT_FILEMODE_TREE: self = .directory
        case GIT_FILEMODE_BLOB_EXECUTABLE: self = .executable
        case GIT_FILEMODE_LINK: self = .symlink
        case GIT_FILEMODE_COMMIT: self = .gitlink
        default: self = .file
        }
    }
}
