/// What one layer will be made of: neighbours in the tree, in git's order, which is that of their paths' bytes.
package struct LayerOutline: Hashable, Sendable {
    package private(set) var units: [LayerUnit] = []
    private(set) var files: UInt64 = 0
    /// The sizes of its files in all.
    package private(set) var bytes: UInt64 = 0

    init() {}

    /// An outline of these units, which come in git's order.
    package init(_ units: [LayerUnit]) {
        for unit in units { append(unit) }
    }

    init(_ unit: LayerUnit) {
        append(unit)
    }

    var weight: UInt64 { bytes + 1024 * files }

    mutating func append(_ unit: LayerUnit) {
        units.append(unit)
        files += unit.weight.files
        bytes += unit.weight.bytes
    }

    mutating func append(_ other: LayerOutline) {
        units += other.units
        files += other.files
        bytes += other.bytes
    }

    /// Ends the group: appends it unless it is empty, and begins a new one.
    mutating func move(to groups: inout [LayerOutline]) {
        guard !units.isEmpty else { return }
        groups.append(self)
        self = LayerOutline()
    }

    /// The path of the first file.
    var firstPath: [UInt8] { units.first?.firstPath ?? [] }

    /// The directory of the first file, empty for the root.
    var firstDirectory: ArraySlice<UInt8> {
        let path = firstPath
        guard let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return [] }
        return path[..<slash]
    }

    /// The mean size of the files, rounded up to a power of two.
    var meanSizeClass: UInt64 {
        let count = max(1, files)
        return Layering.sizeClass((bytes + count - 1) / count)
    }

    /// Returns the name under which a cache finds the finished layer without opening a blob, or a tree below its folders.
    ///
    /// The SHA-256 of the recipe, NUL, and for each unit `<mode> <id> <path>` and NUL. `t` stands before the mode of a
    /// file whose time follows from its content, and a folder's rules before its mode.
    package func key(recipe: String) -> Digest {
        var text = Array(recipe.utf8) + [0]
        for unit in units {
            switch unit.kind {
            case .file(let entry):
                text += Array("\(entry.hasTimeOfContent ? "t" : "")\(entry.kind.gitMode) \(entry.content) ".utf8)
            case .folder(let tree, let rules): text += Array("\(rules)040000 \(tree) ".utf8)
            }
            text += unit.path + [0]
        }
        return .sha256(of: text)
    }
}
