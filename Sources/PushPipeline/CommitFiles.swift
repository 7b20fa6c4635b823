internal import GitCore
internal import ProjectConfig

/// The files of a commit, as the configuration and the detection of a run command read them.
///
/// A class only because a listing is asked many questions and the handle to the repository cannot be copied.
final class CommitFiles: FileListing {
    private let repository: Repository
    private let tree: ObjectID

    init(_ location: RepositoryLocation, tree: ObjectID) throws(GitError) {
        repository = try location.open()
        self.tree = tree
    }

    func text(_ path: String) -> String? {
        guard let bytes = try? repository.blob(at: path, inTree: tree) else { return nil }
        return String(validating: bytes, as: UTF8.self)
    }

    func exists(_ path: String) -> Bool { entry(path) != nil }

    func names(in folder: String) -> [(name: String, isExecutable: Bool, isDirectory: Bool)] {
        guard let id = folder.isEmpty ? tree : entry(folder)?.id, let entries = try? repository.entries(ofTree: id)
        else { return [] }
        return entries.map {
            (String(decoding: $0.name, as: UTF8.self), $0.mode == .executable, $0.mode == .directory)
        }
    }

    private func entry(_ path: String) -> TreeEntry? {
        var found: TreeEntry?
        var folder = tree
        for part in path.split(separator: "/") {
            found = (try? repository.entries(ofTree: folder))?.first { $0.name.elementsEqual(part.utf8) }
            guard let entry = found else { return nil }
            folder = entry.id
        }
        return found
    }
}
