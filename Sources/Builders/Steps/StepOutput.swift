internal import Artifacts

/// What a step made of the commit's files: files that are new or changed, and those that are gone.
struct StepOutput: Codable, Hashable, Sendable {
    struct File: Codable, Hashable, Sendable {
        enum Kind: String, Codable, Sendable { case file, executable, link }

        let path: String
        let kind: Kind
        /// Of the content, or of a link's target.
        let digest: Digest
        let size: Int64
    }

    /// Sorted by path.
    var files: [File] = []
    /// Paths, sorted.
    var removed: [String] = []

    /// Names the output by all that is in it.
    func digest() throws -> Digest { .sha256(of: try CanonicalJSON.encode(self)) }
}

/// What the steps of a build made of a commit's tree, and which part of all that goes into the artifact.
struct BuildOverlay: Sendable {
    /// The outputs of all steps but tests, in order.
    let outputs: [StepOutput]
    /// Patterns of what goes into the artifact; empty takes all.
    let selection: [String]
    /// Patterns of what stays out.
    let exclude: [String]
    let store: OutputStore
    /// Whether the files of the commit itself are part of it.
    var hasCommitFiles = true

    /// Names the overlay by all that decides what it does.
    func key() throws -> Digest {
        struct Parts: Encodable {
            let outputs: [Digest]
            let selection: [String]
            let hasCommitFiles: Bool
        }
        return .sha256(
            of: try CanonicalJSON.encode(
                Parts(
                    outputs: try outputs.map { try $0.digest() }, selection: selection, hasCommitFiles: hasCommitFiles))
        )
    }

    /// The files of the artifact.
    ///
    /// - Parameter files: the commit's own, without what it leaves out of artifacts itself.
    /// - Throws: `BuildFailure` when a pattern of the selection matches nothing.
    func apply(to files: [LayerPlan.Entry]) throws -> [LayerPlan.Entry] {
        var table = FileTable(files)
        let excluded = IgnoreList(more: exclude)
        for output in outputs {
            for path in output.removed { table.remove(path) }
            for file in output.files where !excluded.matches(file.path) { table.add(file) }
        }
        for pattern in selection where !pattern.hasPrefix("!") {
            let wanted = IgnoreList(more: [pattern])
            guard table.paths.contains(where: wanted.matches) else { throw BuildFailure(.noOutput(pattern)) }
        }
        if !selection.isEmpty {
            let wanted = IgnoreList(more: selection)
            table.keep { wanted.matches($0) }
        }
        return table.entries
    }
}

extension IgnoreList {
    /// Whether a pattern matches the path or a folder above it.
    func matches(_ path: String) -> Bool {
        var matches = start
        var excluded = false
        let bytes = Array(path.utf8)
        for end in bytes.indices.filter({ bytes[$0] == UInt8(ascii: "/") }) + [bytes.endIndex] {
            (excluded, matches) = isExcluded(Array(bytes[..<end]), above: matches)
        }
        return excluded
    }
}
