/// Neighbouring files of the tree that may become one layer.
struct LayerGroup {
    private(set) var entries: [LayerPlan.Entry] = []
    private(set) var weight: UInt64 = 0

    init() {}

    init(_ tree: WeightedTree) {
        append(tree)
    }

    mutating func append(_ tree: WeightedTree) {
        tree.appendEntries(to: &entries)
        weight += tree.weight
    }

    mutating func append(_ other: LayerGroup) {
        entries += other.entries
        weight += other.weight
    }

    /// Ends the group: appends it unless it is empty, and begins a new one.
    mutating func move(to groups: inout [LayerGroup]) {
        guard !entries.isEmpty else { return }
        groups.append(self)
        self = LayerGroup()
    }

    /// The directory of the first file, empty for the root.
    var firstDirectory: ArraySlice<UInt8> {
        guard let path = entries.first?.path, let slash = path.lastIndex(of: UInt8(ascii: "/")) else { return [] }
        return path[..<slash]
    }
}

extension LayerPlan {
    /// The mean size of the files, rounded up to a power of two.
    var meanSizeClass: UInt64 {
        let count = UInt64(max(1, entries.count))
        let size = entries.reduce(0) { $0 + UInt64(clamping: $1.size) }
        return Layering.sizeClass((size + count - 1) / count)
    }
}
