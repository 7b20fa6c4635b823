/// A file, or a folder with all that lies below it: what is never divided between two layers.
package struct LayerUnit: Hashable, Sendable {
    /// What a unit is.
    package enum Kind: Hashable, Sendable {
        case file(LayerPlan.Entry)
        /// A folder. `rules` names what besides its tree decides which files are below it; empty for nothing.
        case folder(tree: String, rules: String)
    }

    /// The path from the root of the tree, without a leading `/`; empty for the root.
    package let path: [UInt8]
    package let kind: Kind
    package let weight: TreeWeight

    /// Makes a unit of one file or link.
    package init(_ entry: LayerPlan.Entry) {
        path = entry.path
        kind = .file(entry)
        weight = TreeWeight(size: entry.size)
    }

    /// Makes a unit of a folder that was weighed.
    package init(folder path: [UInt8], tree: String, rules: String, weight: TreeWeight) {
        self.path = path
        kind = .folder(tree: tree, rules: rules)
        self.weight = weight
    }

    var isFolder: Bool {
        if case .folder = kind { true } else { false }
    }

    /// The path of the first file below.
    var firstPath: [UInt8] {
        guard isFolder else { return path }
        return path.isEmpty ? weight.firstPath : path + [UInt8(ascii: "/")] + weight.firstPath
    }
}

/// What a file weighs, or a folder with all that lies below it.
package struct TreeWeight: Hashable, Sendable {
    /// The number of files and links.
    package var files: UInt64 = 0
    /// Their sizes in bytes.
    package var bytes: UInt64 = 0
    /// The path of the first file, from the folder on; empty for a file itself.
    package var firstPath: [UInt8] = []

    /// The weight of a folder without files.
    package init() {}

    package init(files: UInt64, bytes: UInt64, firstPath: [UInt8]) {
        self.files = files
        self.bytes = bytes
        self.firstPath = firstPath
    }

    /// The weight of one file.
    package init(size: Int64) {
        files = 1
        bytes = UInt64(clamping: size)
    }

    /// Adds what lies under a name in this folder; names come in git's order.
    package mutating func add(_ other: TreeWeight, named name: [UInt8]) {
        if files == 0, other.files > 0 {
            firstPath = other.firstPath.isEmpty ? name : name + [UInt8(ascii: "/")] + other.firstPath
        }
        files += other.files
        bytes += other.bytes
    }

    /// What counts for a layer's size: the contents, and 1024 bytes a file for header and padding.
    var total: UInt64 { bytes + 1024 * files }
}
