internal import Artifacts
internal import GitCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// Weighs the folders of a tree, and outlines layers of what is in them: names, kinds and sizes, no contents.
///
/// A folder that was weighed before is not looked into, so a second survey costs what has changed.
final class TreeSurvey {
    /// So many folders keep some cores busy to the end.
    private static let branchCount = 48

    private let repository: Repository
    private let selection: Selection
    private var memo: TreeMemo
    /// What holds in the folders that a layer may be made of.
    private var places: [[UInt8]: Selection.Place] = [:]
    /// What was left out, or may not be what the pusher expects.
    private var notices: [String] = []

    init(_ selection: Selection, in repository: consuming Repository, memo: TreeMemo) {
        self.selection = selection
        self.repository = repository
        self.memo = memo
    }

    /// The layers of the tree, the lowest first.
    func outline(maximumLayers: Int) throws -> TreeOutline {
        places[[]] = selection.root
        let root = try weight(selection.root)
        let layers = try Layering.plan(unit(selection.root, root), maximumLayers: maximumLayers) { try open($0) }
        let used = layers.flatMap(\.units).map(\.path)
        let kept = Dictionary(used.compactMap { path in places[path].map { (path, $0) } }) { first, _ in first }
        return TreeOutline(layers: layers, selection: selection, places: kept, notices: notices)
    }

    /// Writes down what was weighed.
    func save() { memo.save() }

    /// Weighs what is not known yet on all cores, each with a handle of its own.
    func weighTogether(_ location: RepositoryLocation) async throws {
        let places = try branches()
        guard places.count > 1 else { return }
        let list = WorkList(count: places.count)
        let selection = selection
        try await withThrowingTaskGroup(of: [TreeMemo.Record].self) { group in
            for _ in 0..<min(4, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) {
                group.addTask {
                    let survey = TreeSurvey(selection, in: try location.open(), memo: TreeMemo())
                    while let index = list.next() { _ = try survey.weight(places[index]) }
                    return survey.memo.news
                }
            }
            for try await records in group { memo.add(records) }
        }
    }

    /// Folders without a known weight that share no file, some dozens where the tree has as many.
    private func branches() throws -> [Selection.Place] {
        var places = [selection.root].filter { memo.weight(of: $0) == nil }
        while !places.isEmpty, places.count < Self.branchCount {
            let inner = try places.flatMap { place in
                try selection.items(of: place, in: repository).compactMap(\.place)
            }
            guard inner.count > places.count / 2 else { break }
            places = inner.filter { memo.weight(of: $0) == nil }
        }
        return places
    }

    private func unit(_ place: Selection.Place, _ weight: TreeWeight) -> LayerUnit {
        LayerUnit(folder: place.path, tree: place.tree.hex, rules: place.rules, weight: weight)
    }

    private func open(_ folder: LayerUnit) throws -> [LayerUnit] {
        guard let place = places[folder.path] else { return [] }
        return try selection.items(of: place, in: repository).compactMap { item in
            guard let inner = item.place else { return try item.planned(repository).map { LayerUnit($0) } }
            let weight = try weight(inner)
            guard weight.files > 0 else { return nil }
            places[inner.path] = inner
            return unit(inner, weight)
        }
    }

    private func weight(_ place: Selection.Place) throws -> TreeWeight {
        if let known = memo.weight(of: place) { return known }
        try Task.checkCancellation()
        let before = notices.count
        var sum = TreeWeight()
        for item in try selection.items(of: place, in: repository) {
            if let inner = item.place {
                sum.add(try weight(inner), named: item.entry.name)
                continue
            }
            let size = item.entry.mode == .gitlink ? 0 : try repository.blobSize(item.entry.id)
            if item.entry.mode != .gitlink { sum.add(TreeWeight(size: size), named: item.entry.name) }
            if let notice = try item.notice(size: size, repository) { notices.append(notice) }
        }
        // What has to be said is said at every build.
        if notices.count == before { memo.add(sum, of: place) }
        return sum
    }
}
