/// A directory or a file of the tree with its path and its weight.
///
/// The weight of a file is its size and 1024 bytes for header and padding; that of a directory is the sum.
struct WeightedTree {
    let path: [UInt8]
    let weight: UInt64
    /// The file or link; nil for a directory.
    let entry: LayerPlan.Entry?
    /// In git's order, without directories that hold nothing.
    let children: [WeightedTree]

    init(_ tree: SourceTree) {
        self.init(path: [], nodes: tree.nodes)
    }

    private init(path: [UInt8], nodes: [SourceTree.Node]) {
        let prefix = path.isEmpty ? [] : path + [UInt8(ascii: "/")]
        let children = nodes.sorted { $0.precedes($1) }
            .map { WeightedTree($0, path: prefix + $0.name) }
            .filter { $0.weight > 0 }
        let weight = children.reduce(0) { $0 + $1.weight }
        self = WeightedTree(path: path, weight: weight, entry: nil, children: children)
    }

    private init(_ node: SourceTree.Node, path: [UInt8]) {
        let kind: LayerPlan.Kind
        switch node.kind {
        case .directory(let nodes):
            self = WeightedTree(path: path, nodes: nodes)
            return
        case .file(let executable): kind = .file(executable: executable)
        case .symlink: kind = .symlink
        }
        let entry = LayerPlan.Entry(
            path: path, kind: kind, size: node.size, content: node.content, hasTimeOfContent: node.hasTimeOfContent)
        self = WeightedTree(path: path, weight: UInt64(clamping: node.size) + 1024, entry: entry, children: [])
    }

    private init(path: [UInt8], weight: UInt64, entry: LayerPlan.Entry?, children: [WeightedTree]) {
        self.path = path
        self.weight = weight
        self.entry = entry
        self.children = children
    }

    /// Appends the files below, in the order of their paths' bytes.
    func appendEntries(to entries: inout [LayerPlan.Entry]) {
        if let entry { entries.append(entry) }
        for child in children { child.appendEntries(to: &entries) }
    }
}
