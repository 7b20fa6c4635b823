internal import GitCore
internal import ProjectConfig

/// The files of a commit, as the detection of a run command reads them.
///
/// A class only because a listing is asked many questions and the handle to the repository cannot be copied.
final class CommitFiles: FileListing {
    private let repository: Repository
    private let tree: ObjectID
    /// The first object that could not be read; what was asked for then seemed not to be there.
    private(set) var failure: GitError?

    init(_ location: RepositoryLocation, tree: ObjectID) throws(GitError) {
        repository = try location.open()
        self.tree = tree
    }

    func text(_ path: String) -> String? {
        let bytes = read { () throws(GitError) in try repository.blob(at: path, inTree: tree) }
        return bytes.flatMap(\.self).flatMap { String(validating: $0, as: UTF8.self) }
    }

    func exists(_ path: String) -> Bool { entry(path) != nil }

    func names(in folder: String) -> [(name: String, isExecutable: Bool, isDirectory: Bool)] {
        entries(of: folder.isEmpty ? tree : entry(folder).flatMap(\.subtree)).map {
            (String(decoding: $0.name, as: UTF8.self), $0.mode == .executable, $0.mode == .directory)
        }
    }

    private func entry(_ path: String) -> TreeEntry? {
        var found: TreeEntry?
        var folder: ObjectID? = tree
        for part in path.split(separator: "/") {
            found = entries(of: folder).first { $0.name.elementsEqual(part.utf8) }
            folder = found?.subtree
        }
        return found
    }

    private func entries(of folder: ObjectID?) -> [TreeEntry] {
        guard let folder else { return [] }
        return read { () throws(GitError) in try repository.entries(ofTree: folder) } ?? []
    }

    private func read<Value>(_ body: () throws(GitError) -> Value) -> Value? {
        do {
            return try body()
        } catch {
            failure = failure ?? error
            return nil
        }
    }
}

extension TreeEntry {
    /// The tree behind the name, where it is a folder.
    fileprivate var subtree: ObjectID? { mode == .directory ? id : nil }
}
