internal import Artifacts
internal import GitCore

/// Says what of a tree goes into an artifact.
///
/// What stays out is said by the commit alone: `export-ignore` in its `.gitattributes` files, its `.dockerignore`, and
/// the patterns of its `bim.yml`.
struct Selection: Sendable {
    /// Beyond this many bytes a file of patterns is not read.
    private static let patternsLimit: Int64 = 1 << 20

    private let followsAttributes: Bool
    private let ignored: IgnoreList
    private let blobTimes: IgnoreList
    /// The root of the tree.
    let root: Place

    /// A folder, and what holds in it.
    struct Place: Sendable {
        let tree: ObjectID
        let path: [UInt8]
        /// Names what decides besides the tree which files are below: patterns and attributes; empty for nothing.
        fileprivate(set) var rules: String
        fileprivate var attributes = ExportIgnore()
        fileprivate var ignored: IgnoreList.Matches
        fileprivate var blobTimes: IgnoreList.Matches
    }

    /// Something that is not left out.
    struct Item: Sendable {
        let entry: TreeEntry
        let path: [UInt8]
        /// What holds in it when it is a folder.
        let place: Place?
        let hasTimeOfContent: Bool
    }

    /// - Parameters:
    ///   - exclude: patterns of paths to leave out.
    ///   - blobTimes: patterns of files whose time follows from their content.
    /// - Parameters:
    ///   - exclude: patterns of paths to leave out.
    ///   - blobTimes: patterns of files whose time follows from their content.
    ///   - ignoreFiles: paths of files of patterns; the first that is there counts.
    ///   - followsAttributes: whether `export-ignore` leaves files out.
    init(
        _ tree: ObjectID, exclude: [String], blobTimes: [String] = [], ignoreFiles: [String] = [".dockerignore"],
        followsAttributes: Bool = true, in repository: borrowing Repository
    ) throws {
        self.followsAttributes = followsAttributes
        var file: [UInt8] = []
        for name in ignoreFiles {
            guard let found = try repository.blob(at: name, inTree: tree) else { continue }
            file = found.count <= Self.patternsLimit ? found : []
            break
        }
        ignored = IgnoreList(file: file, more: exclude)
        self.blobTimes = IgnoreList(more: blobTimes)
        var rules = ""
        if !ignored.isEmpty || !self.blobTimes.isEmpty {
            let text = try CanonicalJSON.encode([exclude, ["\0"], blobTimes])
            rules = Digest.sha256(of: text + file).hex
        }
        root = Place(tree: tree, path: [], rules: rules, ignored: ignored.start, blobTimes: self.blobTimes.start)
    }

    /// What is directly in a folder, in git's order; folders that hold nothing are among it.
    func items(of place: Place, in repository: borrowing Repository) throws -> [Item] {
        let entries = try repository.entries(ofTree: place.tree)
        var place = place
        if followsAttributes, let file = try Self.patterns(".gitattributes", in: entries, repository),
            let attributes = place.attributes.entering(place.path, file: file.bytes)
        {
            place.attributes = attributes
            place.rules = Digest.sha256(of: Array("\(place.rules) \(file.id) ".utf8) + place.path).hex
        }
        let prefix = place.path.isEmpty ? [] : place.path + [UInt8(ascii: "/")]
        return entries.compactMap { item($0, prefix + $0.name, place) }
    }

    private func item(_ entry: TreeEntry, _ path: [UInt8], _ place: Place) -> Item? {
        let isFolder = entry.mode == .directory
        guard !place.rules.isEmpty else {
            var inner: Place?
            if isFolder {
                inner = Place(
                    tree: entry.id, path: path, rules: "", ignored: place.ignored, blobTimes: place.blobTimes)
            }
            return Item(entry: entry, path: path, place: inner, hasTimeOfContent: false)
        }
        if place.attributes.isIgnored(path, isFolder: isFolder || entry.mode == .gitlink) { return nil }
        let (isExcluded, matches) = ignored.isExcluded(path, above: place.ignored)
        if isExcluded, !isFolder || !ignored.hasExceptions { return nil }
        let times = blobTimes.isExcluded(path, above: place.blobTimes)
        guard isFolder else {
            return Item(
                entry: entry, path: path, place: nil, hasTimeOfContent: times.excluded && entry.mode != .symlink)
        }
        let inner = Place(
            tree: entry.id, path: path, rules: place.rules, attributes: place.attributes, ignored: matches,
            blobTimes: times.matches)
        return Item(entry: entry, path: path, place: inner, hasTimeOfContent: false)
    }

    /// A file of patterns in a folder; nil when there is none.
    private static func patterns(
        _ name: StaticString, in entries: [TreeEntry], _ repository: borrowing Repository
    ) throws -> (bytes: [UInt8], id: ObjectID)? {
        let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
        let entry = entries.first {
            $0.name.count == name.count && $0.name.elementsEqual(name) && ($0.mode == .file || $0.mode == .executable)
        }
        guard let entry, try repository.blobSize(entry.id) <= patternsLimit else { return nil }
        return (try repository.withBlob(entry.id) { Array($0) }, entry.id)
    }
}

extension Selection.Item {
    /// A pointer of git LFS is a small text that begins so.
    private static let pointerBegin = Array("version https://git-lfs.github.com/spec/".utf8)

    /// What the pusher should know of it: that it is left out, or may not be what is expected.
    ///
    /// - Parameter size: of the blob, in bytes.
    func notice(size: Int64, _ repository: borrowing Repository) throws -> String? {
        let name = String(decoding: path, as: UTF8.self)
        if entry.mode == .gitlink {
            return "the submodule '\(name)' is not in the artifact: its files are in another repository"
        }
        guard size > Self.pointerBegin.count, size < 200, entry.mode != .symlink,
            try repository.withBlob(entry.id, { $0.starts(with: Self.pointerBegin) })
        else { return nil }
        return "'\(name)' is a git LFS pointer: the artifact holds the pointer, not the file it stands for"
    }

    /// The file or link as layers list it; nil for a folder, and for a submodule, whose files are elsewhere.
    func planned(_ repository: borrowing Repository) throws -> LayerPlan.Entry? {
        let kind: LayerPlan.Kind
        switch entry.mode {
        case .file: kind = .file(executable: false)
        case .executable: kind = .file(executable: true)
        case .symlink: kind = .symlink
        case .directory, .gitlink: return nil
        }
        return LayerPlan.Entry(
            path: path, kind: kind, size: try repository.blobSize(entry.id), content: entry.id.hex,
            hasTimeOfContent: hasTimeOfContent)
    }
}
