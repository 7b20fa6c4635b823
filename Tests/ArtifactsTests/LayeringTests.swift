import Testing

@testable import Artifacts

@Suite("Layering")
struct LayeringTests {
    /// 2 000 files in 100 directories on two levels, 40 MB in all; sizes follow from the names.
    private static let synthetic = tree { _ in 0 }

    /// Makes the tree with some files grown.
    private static func tree(added: (Int) -> Int64) -> SourceTree {
        let tops = (0..<10).map { top in
            let folders = (0..<10).map { folder in
                let files = (0..<20).map { file in
                    let number = (top * 10 + folder) * 20 + file
                    let size = Int64(Digest.sha256(of: "\(number)".utf8).hex.prefix(4), radix: 16) ?? 0
                    return SourceTree.Node(
                        name: Array("file\(file).txt".utf8), kind: .file(executable: file == 0),
                        size: size * 6 / 10 + added(number), content: "\(number)-\(added(number))")
                }
                return SourceTree.Node.directory(name: Array("folder\(folder)".utf8), files)
            }
            return SourceTree.Node.directory(name: Array("top\(top)".utf8), folders)
        }
        return SourceTree(tops)
    }

    private func keys(_ plan: [LayerPlan]) -> Set<Digest> {
        Set(plan.map { $0.key(recipe: LayerWriter.recipe) })
    }

    private func file(_ name: String, _ size: Int64) -> SourceTree.Node {
        SourceTree.Node(name: Array(name.utf8), kind: .file(executable: false), size: size, content: name)
    }

    @Test("every file is in exactly one layer, in the order of its path's bytes")
    func partition() {
        let plan = Layering.plan(Self.synthetic)
        let paths = plan.flatMap(\.entries).map(\.path)
        #expect(paths.count == 2000)
        #expect(Set(paths).count == 2000)
        for layer in plan {
            #expect(!layer.entries.isEmpty)
            #expect(
                zip(layer.entries, layer.entries.dropFirst()).allSatisfy {
                    $0.path.lexicographicallyPrecedes($1.path)
                })
        }
    }

    @Test("a layer is a run of neighbours: no two layers interleave")
    func contiguous() {
        let plan = Layering.plan(Self.synthetic)
        let ranges = plan.map { ($0.entries[0].path, $0.entries[$0.entries.count - 1].path) }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.1.lexicographicallyPrecedes($1.0) })
    }

    @Test("there are never more layers than asked for", arguments: [-1, 0, 1, 2, 5, 24, 64])
    func maximum(layers: Int) {
        let count = Layering.plan(Self.synthetic, maximumLayers: layers).count
        #expect((1...max(1, layers)).contains(count))
        if layers == 64 { #expect(count > 24) }
    }

    @Test("the plan of a fixed tree stays as it is")
    func golden() {
        let plan = Layering.plan(Self.synthetic)
        var all = DigestWriter()
        for layer in plan { all.update(Array(layer.key(recipe: "golden").hex.utf8)) }
        #expect(Layering.scheme == "tree-cdc-1")
        #expect(plan.count == 55)
        #expect(all.finalize().hex == "5977a0bb6c64f8edb1907159e840375a276794fabce25b2f3e49edff6a8bdc4c")
    }

    @Test("the order of the input makes no difference")
    func inputOrder() {
        let reversed = SourceTree(Self.synthetic.nodes.reversed())
        #expect(Layering.plan(reversed) == Layering.plan(Self.synthetic))
    }

    @Test("a small edit changes at most three layers", arguments: Array(stride(from: 0, to: 2000, by: 97)))
    func edit(file: Int) {
        let before = keys(Layering.plan(Self.synthetic))
        let after = keys(Layering.plan(Self.tree { $0 == file ? 10 : 0 }))
        #expect((1...3).contains(after.subtracting(before).count))
    }

    @Test("a change of content or mode alone changes exactly one layer")
    func contentOnly() {
        var nodes = Self.synthetic.nodes
        guard case .directory(var folders) = nodes[3].kind, case .directory(var files) = folders[4].kind else {
            Issue.record("not the tree that was made")
            return
        }
        files[5].content = "changed"
        folders[4].kind = .directory(files)
        nodes[3].kind = .directory(folders)
        let before = keys(Layering.plan(Self.synthetic))
        #expect(keys(Layering.plan(SourceTree(nodes))).subtracting(before).count == 1)
        files[5].content = "65-0"
        files[5].kind = .file(executable: true)
        folders[4].kind = .directory(files)
        nodes[3].kind = .directory(folders)
        #expect(keys(Layering.plan(SourceTree(nodes))).subtracting(before).count == 1)
    }

    @Test("layers with large files lie below")
    func order() {
        let plan = Layering.plan(Self.synthetic)
        let means = plan.map(\.meanSizeClass)
        #expect(zip(means, means.dropFirst()).allSatisfy { $0 >= $1 })
        #expect(Set(means).count > 1)
        for (lower, upper) in zip(plan, plan.dropFirst())
        where lower.meanSizeClass == upper.meanSizeClass {
            #expect(lower.entries[0].path.lexicographicallyPrecedes(upper.entries[0].path))
        }
    }

    @Test("a small tree is one layer, an empty one none")
    func small() {
        #expect(Layering.plan(SourceTree([file("a", 1), file("b", 200_000)])).count == 1)
        #expect(Layering.plan(SourceTree([])).isEmpty)
        #expect(Layering.plan(SourceTree([.directory(name: Array("d".utf8), [])])).isEmpty)
    }

    @Test("a file heavier than the target closes its layer")
    func heavy() {
        let plan = Layering.plan(SourceTree([file("a", 5 << 20), file("b", 5 << 20), file("c", 5 << 20)]))
        #expect(plan.map(\.entries.count) == [1, 1, 1])
    }

    @Test(
        "a size class is the next power of two",
        arguments: [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1 << 40, 1 << 40), ((1 << 40) + 1, 1 << 41)])
    func sizeClass(value: UInt64, rounded: UInt64) {
        #expect(Layering.sizeClass(value) == rounded)
    }

    @Test("directories sort as git sorts them")
    func gitOrder() {
        let tree = WeightedTree(
            SourceTree([
                .directory(name: Array("a".utf8), [file("x", 1)]), file("a.b", 1), file("a0", 1), file("a-", 1),
            ]))
        #expect(tree.children.map { String(decoding: $0.path, as: UTF8.self) } == ["a-", "a.b", "a", "a0"])
    }

    @Test("the key of a layer changes with recipe, mode, content and path, not with order")
    func key() {
        let a = LayerPlan.Entry(path: [97], kind: .file(executable: false), size: 1, content: "1")
        let b = LayerPlan.Entry(path: [98], kind: .symlink, size: 1, content: "2")
        let key = LayerPlan([a, b]).key(recipe: "r")
        #expect(LayerPlan([b, a]).key(recipe: "r") == key)
        #expect(LayerPlan([a, b]).key(recipe: "s") != key)
        var changed = [a, a, a]
        changed[0].path = [99]
        changed[1].kind = .file(executable: true)
        changed[2].content = "3"
        #expect(Set(changed.map { LayerPlan([$0, b]).key(recipe: "r") } + [key]).count == 4)
    }
}
