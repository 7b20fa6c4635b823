internal import Artifacts
internal import GitCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// Reads a tree of git as the value that layers are planned from: names, kinds and sizes, no contents.
struct TreeReader {
    /// A pointer of git LFS is a small text that begins so.
    private static let lfsBegin = Array("version https://git-lfs.github.com/spec/".utf8)

    private let exclude: [String]
    /// What was left out, or may not be what the pusher expects.
    private(set) var notices: [String] = []

    init(exclude: [String]) {
        self.exclude = exclude
    }

    mutating func read(_ tree: ObjectID, in location: RepositoryLocation) throws -> SourceTree {
        let repository = try location.open()
        return SourceTree(try nodes(of: tree, below: [], repository))
    }

    private mutating func nodes(
        of tree: ObjectID, below folder: [UInt8], _ repository: borrowing Repository
    ) throws -> [SourceTree.Node] {
        try Task.checkCancellation()
        var nodes: [SourceTree.Node] = []
        for entry in try repository.entries(ofTree: tree) {
            let path = folder.isEmpty ? entry.name : folder + [UInt8(ascii: "/")] + entry.name
            if isExcluded(path) { continue }
            switch entry.mode {
            case .directory:
                let children = try self.nodes(of: entry.id, below: path, repository)
                if !children.isEmpty { nodes.append(.directory(name: entry.name, children)) }
            case .file, .executable:
                let size = try repository.blobSize(entry.id)
                if size < 200, try isPointer(entry.id, repository) {
                    notices.append(
                        "'\(String(decoding: path, as: UTF8.self))' is a git LFS pointer; its content is not in git")
                }
                nodes.append(
                    .init(
                        name: entry.name, kind: .file(executable: entry.mode == .executable), size: size,
                        content: entry.id.hex))
            case .symlink:
                nodes.append(
                    .init(
                        name: entry.name, kind: .symlink, size: try repository.blobSize(entry.id), content: entry.id.hex
                    ))
            case .gitlink:
                notices.append("the submodule '\(String(decoding: path, as: UTF8.self))' is not in the artifact")
            }
        }
        return nodes
    }

    private func isPointer(_ id: ObjectID, _ repository: borrowing Repository) throws -> Bool {
        try repository.withBlob(id) { $0.starts(with: Self.lfsBegin) }
    }

    /// A pattern leaves out the path that it matches (fnmatch(3), `*` stays within a folder) with all that lies below.
    private func isExcluded(_ path: [UInt8]) -> Bool {
        guard !exclude.isEmpty else { return false }
        let path = String(decoding: path, as: UTF8.self)
        return exclude.contains { pattern in
            let pattern = pattern.hasSuffix("/") ? String(pattern.dropLast()) : pattern
            return fnmatch(pattern, path, FNM_PATHNAME) == 0
        }
    }
}
