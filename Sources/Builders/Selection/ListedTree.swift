internal import Artifacts

/// Files that are known one by one, seen as the folders that layering asks for.
struct ListedTree {
    /// Sorted by the bytes of their paths, so that what lies below a folder is together.
    private let entries: [LayerPlan.Entry]
    private var ranges: [[UInt8]: Range<Int>] = [:]

    init(_ entries: [LayerPlan.Entry]) {
        self.entries = entries.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    /// Outlines the layers, which consist of files alone, the lowest first.
    static func outline(_ entries: [LayerPlan.Entry], maximumLayers: Int) throws -> [LayerOutline] {
        var tree = ListedTree(entries)
        let root = tree.folder([], tree.entries.indices)
        let layers = try Layering.plan(root, maximumLayers: maximumLayers) { tree.open($0) }
        return layers.map { LayerOutline($0.units.flatMap { tree.files($0) }) }
    }

    private mutating func folder(_ path: [UInt8], _ range: Range<Int>) -> LayerUnit {
        ranges[path] = range
        let bytes = entries[range].reduce(UInt64(0)) { $0 + UInt64(clamping: $1.size) }
        let first = entries[range].first.map { Array($0.path.dropFirst(path.isEmpty ? 0 : path.count + 1)) } ?? []
        return LayerUnit(
            folder: path, tree: "", rules: "",
            weight: TreeWeight(files: UInt64(range.count), bytes: bytes, firstPath: first))
    }

    private mutating func open(_ folder: LayerUnit) -> [LayerUnit] {
        guard let range = ranges[folder.path] else { return [] }
        let depth = folder.path.isEmpty ? 0 : folder.path.count + 1
        var units: [LayerUnit] = []
        var index = range.lowerBound
        while index < range.upperBound {
            let path = entries[index].path
            guard let slash = path[depth...].firstIndex(of: UInt8(ascii: "/")) else {
                units.append(LayerUnit(entries[index]))
                index += 1
                continue
            }
            let name = Array(path[...slash])
            let end = entries[index..<range.upperBound].firstIndex { !$0.path.starts(with: name) } ?? range.upperBound
            units.append(self.folder(Array(path[..<slash]), index..<end))
            index = end
        }
        return units
    }

    private func files(_ unit: LayerUnit) -> [LayerUnit] {
        guard let range = ranges[unit.path], case .folder = unit.kind else { return [unit] }
        return entries[range].map { LayerUnit($0) }
    }
}
