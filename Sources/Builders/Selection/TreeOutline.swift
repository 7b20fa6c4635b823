internal import Artifacts
internal import GitCore
internal import ProjectConfig

/// The layers of a tree before any file of them is listed.
struct TreeOutline: Sendable {
    /// The lowest first.
    let layers: [LayerOutline]
    private let selection: Selection
    private let places: [[UInt8]: Selection.Place]
    let notices: [String]

    init(
        layers: [LayerOutline], selection: Selection, places: [[UInt8]: Selection.Place], notices: [String]
    ) {
        self.layers = layers
        self.selection = selection
        self.places = places
        self.notices = notices
    }

    /// Outlines the layers of the files that a request asks for.
    static func make(_ request: BuildRequest, cache: LayerCache, maximumLayers: Int) async throws -> TreeOutline {
        let repository = try request.repository.open()
        let memo = TreeMemo(
            cache.memoPath(ofRepository: repository.commonDirectory), usesCache: request.usesCache)
        let selection = try Selection(
            request.tree, exclude: request.image.exclude, blobTimes: request.image.blobTimes, in: repository)
        let survey = TreeSurvey(selection, in: repository, memo: memo)
        try await survey.weighTogether(request.repository)
        return try survey.outline(maximumLayers: maximumLayers)
    }

    /// Lists the files of one layer.
    func plan(_ layer: LayerOutline, in repository: borrowing Repository) throws -> LayerPlan {
        var entries: [LayerPlan.Entry] = []
        for unit in layer.units {
            switch unit.kind {
            case .file(let entry): entries.append(entry)
            case .folder:
                if let place = places[unit.path] { try list(place, repository, &entries) }
            }
        }
        return LayerPlan(entries)
    }

    private func list(
        _ place: Selection.Place, _ repository: borrowing Repository, _ entries: inout [LayerPlan.Entry]
    ) throws {
        for item in try selection.items(of: place, in: repository) {
            if let inner = item.place {
                try list(inner, repository, &entries)
            } else if let entry = try item.planned(repository) {
                entries.append(entry)
            }
        }
    }
}
