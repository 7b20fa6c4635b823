import Artifacts

/// A tree in memory, from which layers are planned as a builder plans them from git's.
struct SourceTree: Sendable {
    /// The entries of the root, in any order.
    var nodes: [Node]

    init(_ nodes: [Node]) { self.nodes = nodes }

    /// One entry of a folder.
    struct Node: Sendable {
        enum Kind: Sendable {
            case folder([Node])
            case entry(LayerPlan.Kind)
        }

        var name: [UInt8]
        var kind: Kind
        var size: Int64 = 0
        var content = ""

        static func file(_ name: String, _ size: Int64, _ content: String, executable: Bool = false) -> Node {
            Node(name: Array(name.utf8), kind: .entry(.file(executable: executable)), size: size, content: content)
        }

        static func folder(_ name: String, _ nodes: [Node]) -> Node {
            Node(name: Array(name.utf8), kind: .folder(nodes))
        }

        /// git's order: a folder compares as its name and `/`.
        fileprivate var sortKey: [UInt8] {
            if case .folder = kind { name + [UInt8(ascii: "/")] } else { name }
        }

        fileprivate var weight: TreeWeight {
            switch kind {
            case .entry: TreeWeight(size: size)
            case .folder(let nodes): Node.weight(of: nodes)
            }
        }

        fileprivate static func weight(of nodes: [Node]) -> TreeWeight {
            var sum = TreeWeight()
            for node in sorted(nodes) { sum.add(node.weight, named: node.name) }
            return sum
        }

        fileprivate static func sorted(_ nodes: [Node]) -> [Node] {
            nodes.sorted { $0.sortKey.lexicographicallyPrecedes($1.sortKey) }
        }

        /// Names the files below, as git's tree id does.
        fileprivate var id: String {
            guard case .folder(let nodes) = kind else { return "\(kind)\(content)" }
            let text = Node.sorted(nodes).map { "\($0.name)\($0.id)" }.joined()
            return Digest.sha256(of: Array(text.utf8)).hex
        }
    }

    /// The outlines of the layers and the number of folders that were opened for them.
    func outline(maximumLayers: Int = 64) throws -> (layers: [LayerOutline], opened: Int) {
        var opened = 0
        let root = LayerUnit(folder: [], tree: "root", rules: "", weight: Node.weight(of: nodes))
        let layers = try Layering.plan(root, maximumLayers: maximumLayers) { folder in
            opened += 1
            return Node.sorted(nodes(at: folder.path)).compactMap { unit($0, in: folder.path) }
        }
        return (layers, opened)
    }

    /// The layers with all their files.
    func plan(maximumLayers: Int = 64) throws -> [LayerPlan] {
        try outline(maximumLayers: maximumLayers).layers.map { layer in
            var entries: [LayerPlan.Entry] = []
            for unit in layer.units {
                switch unit.kind {
                case .file(let entry): entries.append(entry)
                case .folder: list(unit.path, &entries)
                }
            }
            return LayerPlan(entries)
        }
    }

    private func path(_ name: [UInt8], in folder: [UInt8]) -> [UInt8] {
        folder.isEmpty ? name : folder + [UInt8(ascii: "/")] + name
    }

    private func unit(_ node: Node, in folder: [UInt8]) -> LayerUnit? {
        let path = path(node.name, in: folder)
        switch node.kind {
        case .entry(let kind):
            return LayerUnit(LayerPlan.Entry(path: path, kind: kind, size: node.size, content: node.content))
        case .folder:
            let weight = node.weight
            return weight.files == 0 ? nil : LayerUnit(folder: path, tree: node.id, rules: "", weight: weight)
        }
    }

    private func nodes(at path: [UInt8]) -> [Node] {
        var nodes = nodes
        for name in path.split(separator: UInt8(ascii: "/")) {
            guard case .folder(let inner)? = nodes.first(where: { $0.name.elementsEqual(name) })?.kind else {
                return []
            }
            nodes = inner
        }
        return nodes
    }

    private func list(_ folder: [UInt8], _ entries: inout [LayerPlan.Entry]) {
        for node in nodes(at: folder) {
            let path = path(node.name, in: folder)
            switch node.kind {
            case .entry(let kind):
                entries.append(LayerPlan.Entry(path: path, kind: kind, size: node.size, content: node.content))
            case .folder: list(path, &entries)
            }
        }
    }
}
