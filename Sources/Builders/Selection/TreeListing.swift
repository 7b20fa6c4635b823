internal import Artifacts
internal import GitCore

/// The files of a commit's tree that go into an artifact, one by one.
struct TreeListing {
    /// In git's order.
    private(set) var entries: [LayerPlan.Entry] = []
    /// What was left out, or may not be what the pusher expects.
    private(set) var notices: [String] = []

    init(_ selection: Selection, in repository: borrowing Repository) throws {
        try list(selection.root, selection, repository)
    }

    private mutating func list(
        _ place: Selection.Place, _ selection: Selection, _ repository: borrowing Repository
    ) throws {
        try Task.checkCancellation()
        for item in try selection.items(of: place, in: repository) {
            if let inner = item.place {
                try list(inner, selection, repository)
                continue
            }
            let entry = try item.planned(repository)
            if let notice = try item.notice(size: entry?.size ?? 0, repository) { notices.append(notice) }
            if let entry { entries.append(entry) }
        }
    }
}
