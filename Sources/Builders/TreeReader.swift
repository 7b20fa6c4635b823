internal import Artifacts
internal import GitCore

/// Reads a tree of git as the value that layers are planned from: names, kinds and sizes, no contents.
///
/// What stays out is said by the commit alone: `export-ignore` in its `.gitattributes` files, its `.dockerignore`, and
/// the patterns of its `bim.yml`.
struct TreeReader {
    /// A pointer of git LFS is a small text that begins so.
    private static let lfsBegin = Array("version https://git-lfs.github.com/spec/".utf8)
    /// Beyond this many bytes a file of patterns is not read.
    private static let patternsLimit: Int64 = 1 << 20

    private let exclude: [String]
    private let ignoreFiles: [String]
    private let followsAttributes: Bool
    private let blobTimes: IgnoreList
    private var ignored = IgnoreList()
    /// What was left out, or may not be what the pusher expects.
    private(set) var notices: [String] = []

    /// - Parameters:
    ///   - exclude: patterns of paths to leave out.
    ///   - blobTimes: patterns of files whose time follows from their content.
    ///   - ignoreFiles: paths of files of patterns; the first that is there counts.
    ///   - followsAttributes: whether `export-ignore` leaves files out.
    init(
        exclude: [String], blobTimes: [String] = [], ignoreFiles: [String] = [".dockerignore"],
        followsAttributes: Bool = true
    ) {
        self.exclude = exclude
        self.ignoreFiles = ignoreFiles
        self.followsAttributes = followsAttributes
        self.blobTimes = IgnoreList(more: blobTimes)
    }

    /// What holds in one folder.
    private struct Place {
        var path: [UInt8] = []
        var attributes = ExportIgnore()
        var ignored: IgnoreList.Matches
        var blobTimes: IgnoreList.Matches

        func path(of name: [UInt8]) -> [UInt8] { path.isEmpty ? name : path + [UInt8(ascii: "/")] + name }
    }

    mutating func read(_ tree: ObjectID, in location: RepositoryLocation) throws -> SourceTree {
        let repository = try location.open()
        let entries = try repository.entries(ofTree: tree)
        var file: [UInt8]?
        for name in ignoreFiles where file == nil { file = try repository.blob(at: name, inTree: tree) }
        ignored = IgnoreList(file: file.flatMap { $0.count <= Self.patternsLimit ? $0 : nil } ?? [], more: exclude)
        let root = Place(ignored: ignored.start, blobTimes: blobTimes.start)
        return SourceTree(try nodes(entries, root, repository))
    }

    private mutating func nodes(
        _ entries: [TreeEntry], _ place: Place, _ repository: borrowing Repository
    ) throws -> [SourceTree.Node] {
        try Task.checkCancellation()
        var place = place
        if followsAttributes, let file = try patterns(".gitattributes", in: entries, repository) {
            place.attributes = place.attributes.entering(place.path, file: file)
        }
        var nodes: [SourceTree.Node] = []
        for entry in entries {
            let path = place.path(of: entry.name)
            if place.attributes.isIgnored(path, isFolder: entry.mode == .directory || entry.mode == .gitlink) {
                continue
            }
            let (isExcluded, matches) = ignored.isExcluded(path, above: place.ignored)
            if entry.mode == .directory {
                if isExcluded, !ignored.hasExceptions { continue }
                var inner = place
                inner.path = path
                inner.ignored = matches
                inner.blobTimes = blobTimes.isExcluded(path, above: place.blobTimes).matches
                let children = try self.nodes(try repository.entries(ofTree: entry.id), inner, repository)
                if !children.isEmpty { nodes.append(.directory(name: entry.name, children)) }
            } else if !isExcluded, let node = try node(entry, path, place, repository) {
                nodes.append(node)
            }
        }
        return nodes
    }

    /// A file or a link; nil for a submodule, whose files are in another repository.
    private mutating func node(
        _ entry: TreeEntry, _ path: [UInt8], _ place: Place, _ repository: borrowing Repository
    ) throws -> SourceTree.Node? {
        if entry.mode == .gitlink {
            notices.append(
                "the submodule '\(name(path))' is not in the artifact: its files are in another repository")
            return nil
        }
        let size = try repository.blobSize(entry.id)
        if entry.mode == .symlink {
            return SourceTree.Node(name: entry.name, kind: .symlink, size: size, content: entry.id.hex)
        }
        if size < 200, try isPointer(entry.id, repository) {
            notices.append(
                "'\(name(path))' is a git LFS pointer: the artifact holds the pointer, not the file it stands for")
        }
        return SourceTree.Node(
            name: entry.name, kind: .file(executable: entry.mode == .executable), size: size, content: entry.id.hex,
            hasTimeOfContent: blobTimes.isExcluded(path, above: place.blobTimes).excluded)
    }

    private func name(_ path: [UInt8]) -> String { String(decoding: path, as: UTF8.self) }

    private func isPointer(_ id: ObjectID, _ repository: borrowing Repository) throws -> Bool {
        try repository.withBlob(id) { $0.starts(with: Self.lfsBegin) }
    }

    /// The bytes of a file of patterns in a folder; nil when there is none.
    private func patterns(
        _ name: String, in entries: [TreeEntry], _ repository: borrowing Repository
    ) throws -> [UInt8]? {
        let entry = entries.first { $0.name.elementsEqual(name.utf8) && ($0.mode == .file || $0.mode == .executable) }
        guard let entry, try repository.blobSize(entry.id) <= Self.patternsLimit else { return nil }
        return try repository.withBlob(entry.id) { Array($0) }
    }
}
