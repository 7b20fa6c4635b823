internal import GitCore
internal import ProjectConfig

/// The files of a tree for detection and configuration; a class, because a repository's handle cannot be copied.
final class TreeFiles: FileListing {
    private let repository: Repository
    private let tree: ObjectID

    init(_ location: RepositoryLocation, tree: ObjectID) throws(GitError) {
        repository = try location.open()
        self.tree = tree
    }

    func text(_ path: String) -> String? {
        (try? repository.blob(at: path, inTree: tree)).flatMap { String(validating: $0, as: UTF8.self) }
    }

    func exists(_ path: String) -> Bool { entry(path) != nil }

    func names(in folder: String) -> [(name: String, isExecutable: Bool, isDirectory: Bool)] {
        let id = folder.isEmpty ? tree : entry(folder).flatMap { $0.mode == .directory ? $0.id : nil }
        return entries(id).map {
            (String(decoding: $0.name, as: UTF8.self), $0.mode == .executable, $0.mode == .directory)
        }
    }

    private func entry(_ path: String) -> TreeEntry? {
        path.split(separator: "/").reduce((Optional(tree), TreeEntry?.none)) { place, name in
            let found = entries(place.0).first { $0.name.elementsEqual(name.utf8) }
            return (found?.id, found)
        }.1
    }

    private func entries(_ id: ObjectID?) -> [TreeEntry] {
        id.flatMap { try? repository.entries(ofTree: $0) } ?? []
    }
}
