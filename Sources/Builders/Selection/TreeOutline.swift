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

    /// Outlines the layers of the files that a request asks for, and keeps what that takes to know.
    static func make(_ request: BuildRequest, cache: LayerCache, maximumLayers: Int) async throws -> TreeOutline {
        if let overlay = request.overlay {
            return try TreeOutline(overlay, over: request, maximumLayers: maximumLayers)
        }
        let survey = try survey(request, cache)
        try await survey.weighTogether(request.repository)
        let outline = try survey.outline(maximumLayers: maximumLayers)
        survey.save()
        return outline
    }

    /// Outlines the layers of what steps have made, with as much of the commit's files as goes with it.
    private init(_ overlay: BuildOverlay, over request: BuildRequest, maximumLayers: Int) throws {
        let repository = try request.repository.open()
        let selection = try Selection(
            request.tree, exclude: request.image.exclude, blobTimes: request.image.blobTimes, in: repository)
        let listing = overlay.hasCommitFiles ? try TreeListing(selection, in: repository) : nil
        let files = try overlay.apply(to: listing?.entries ?? [])
        self.init(
            layers: try ListedTree.outline(files, maximumLayers: maximumLayers), selection: selection, places: [:],
            notices: listing?.notices ?? [])
    }

    /// Outlines the layers and writes nothing.
    init(forecasting request: BuildRequest, cache: LayerCache?, maximumLayers: Int) throws {
        self = try Self.survey(request, cache).outline(maximumLayers: maximumLayers)
    }

    private static func survey(_ request: BuildRequest, _ cache: LayerCache?) throws -> TreeSurvey {
        let repository = try request.repository.open()
        let folder = repository.commonDirectory
        let memo = cache.map { TreeMemo($0.memoPath(ofRepository: folder), usesCache: request.usesCache) }
        let selection = try Selection(
            request.tree, exclude: request.image.exclude, blobTimes: request.image.blobTimes, in: repository)
        return TreeSurvey(selection, in: repository, memo: memo ?? TreeMemo())
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
