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
                    return SourceTree.Node.file(
                        "file\(file).txt", size * 6 / 10 + added(number), "\(number)-\(added(number))",
                        executable: file == 0)
                }
                return SourceTree.Node.folder("folder\(folder)", files)
            }
            return SourceTree.Node.folder("top\(top)", folders)
        }
        return SourceTree(tops)
    }

    private func keys(_ tree: SourceTree) throws -> Set<Digest> {
        Set(try tree.outline().layers.map { $0.key(recipe: LayerWriter().recipe) })
    }

    private func file(_ name: String, _ size: Int64) -> SourceTree.Node {
        .file(name, size, name)
    }

    @Test("every file is in exactly one layer, in the order of its path's bytes")
    func partition() throws {
        let plan = try Self.synthetic.plan()
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
    func contiguous() throws {
        let plan = try Self.synthetic.plan()
        let ranges = plan.map { ($0.entries[0].path, $0.entries[$0.entries.count - 1].path) }
            .sorted { $0.0.lexicographicallyPrecedes($1.0) }
        #expect(zip(ranges, ranges.dropFirst()).allSatisfy { $0.1.lexicographicallyPrecedes($1.0) })
    }

    @Test("there are never more layers than asked for", arguments: [-1, 0, 1, 2, 5, 24, 64])
    func maximum(layers: Int) throws {
        let count = try Self.synthetic.plan(maximumLayers: layers).count
        #expect((1...max(1, layers)).contains(count))
        if layers == 64 { #expect(count > 24) }
    }

    @Test("the plan of a fixed tree stays as it is")
    func golden() throws {
        let plan = try Self.synthetic.plan()
        var all = DigestWriter()
        for layer in plan {
            let lines = layer.entries.map { Array("\($0.kind.gitMode) \($0.content) ".utf8) + $0.path + [0] }
            all.update(Array(Digest.sha256(of: Array("golden\0".utf8) + lines.joined()).hex.utf8))
        }
        #expect(Layering.scheme == "tree-cdc-1")
        #expect(plan.count == 55)
        #expect(all.finalize().hex == "5977a0bb6c64f8edb1907159e840375a276794fabce25b2f3e49edff6a8bdc4c")
    }

    @Test("a folder that fits into a layer is not opened")
    func opened() throws {
        let (layers, opened) = try Self.synthetic.outline()
        #expect(opened == 11)
        #expect(layers.flatMap(\.units).allSatisfy { $0.isFolder })
        #expect(try SourceTree([file("a", 1), .folder("d", [file("b", 2)])]).outline().opened == 0)
    }

    @Test("a small edit changes at most three layers", arguments: Array(stride(from: 0, to: 2000, by: 97)))
    func edit(file: Int) throws {
        let before = try keys(Self.synthetic)
        let after = try keys(Self.tree { $0 == file ? 10 : 0 })
        #expect((1...3).contains(after.subtracting(before).count))
    }

    @Test("a change of content or mode alone changes exactly one layer")
    func contentOnly() throws {
        var nodes = Self.synthetic.nodes
        guard case .folder(var folders) = nodes[3].kind, case .folder(var files) = folders[4].kind else {
            Issue.record("not the tree that was made")
            return
        }
        files[5].content = "changed"
        folders[4].kind = .folder(files)
        nodes[3].kind = .folder(folders)
        let before = try keys(Self.synthetic)
        #expect(try keys(SourceTree(nodes)).subtracting(before).count == 1)
        files[5].content = "65-0"
        files[5].kind = .entry(.file(executable: true))
        folders[4].kind = .folder(files)
        nodes[3].kind = .folder(folders)
        #expect(try keys(SourceTree(nodes)).subtracting(before).count == 1)
    }

    @Test("layers with large files lie below")
    func order() throws {
        let plan = try Self.synthetic.outline().layers
        let means = plan.map(\.meanSizeClass)
        #expect(zip(means, means.dropFirst()).allSatisfy { $0 >= $1 })
        #expect(Set(means).count > 1)
        for (lower, upper) in zip(plan, plan.dropFirst()) where lower.meanSizeClass == upper.meanSizeClass {
            #expect(lower.firstPath.lexicographicallyPrecedes(upper.firstPath))
        }
    }

    @Test("a small tree is one layer, an empty one none")
    func small() throws {
        #expect(try SourceTree([file("a", 1), file("b", 200_000)]).plan().count == 1)
        #expect(try SourceTree([]).plan().isEmpty)
        #expect(try SourceTree([.folder("d", [])]).plan().isEmpty)
    }

    @Test("a file heavier than the target closes its layer")
    func heavy() throws {
        let plan = try SourceTree([file("a", 5 << 20), file("b", 5 << 20), file("c", 5 << 20)]).plan()
        #expect(plan.map(\.entries.count) == [1, 1, 1])
    }

    @Test(
        "a size class is the next power of two",
        arguments: [(0, 1), (1, 1), (2, 2), (3, 4), (4, 4), (5, 8), (1 << 40, 1 << 40), ((1 << 40) + 1, 1 << 41)])
    func sizeClass(value: UInt64, rounded: UInt64) {
        #expect(Layering.sizeClass(value) == rounded)
    }

    @Test("folders stand where git's order puts them, which is that of their files' paths")
    func gitOrder() throws {
        let names = ["a0", "a", "a.b", "a-"]
        let nodes = names.map { $0 == "a" ? .folder($0, [file("x", 5 << 20)]) : file($0, 5 << 20) }
        let paths = try SourceTree(nodes).outline().layers.map { String(decoding: $0.firstPath, as: UTF8.self) }
        #expect(paths == ["a-", "a.b", "a/x", "a0"])
    }

    @Test("the key of a layer changes with recipe, mode, content, path, times and rules")
    func key() {
        let a = LayerPlan.Entry(path: [97], kind: .file(executable: false), size: 1, content: "1")
        var changed = [a, a, a, a]
        changed[0].path = [99]
        changed[1].kind = .file(executable: true)
        changed[2].content = "3"
        changed[3].hasTimeOfContent = true
        let weight = TreeWeight(size: 1)
        let units =
            ([a] + changed).map { LayerUnit($0) }
            + [("1", ""), ("2", ""), ("1", "r")].map {
                LayerUnit(folder: [97], tree: $0.0, rules: $0.1, weight: weight)
            }
        let keys = units.map { LayerOutline($0).key(recipe: "r") } + [LayerOutline(units[0]).key(recipe: "s")]
        #expect(Set(keys).count == 9)
        #expect(LayerOutline(units[0]).key(recipe: "r") == keys[0])
    }
}
