internal import CGit2
internal import Glibc

/// Gives safe reading access to one git repository.
///
/// It is owned by exactly one task: open it, use it, drop it. Everything it hands out is copied.
public struct Repository: ~Copyable {
    let handle: Handle
    let objects: Handle
    let indexFile: String?
    let environment: [String: String]

    /// The repository's own folder, absolute, without a trailing slash; of a linked worktree its private part.
    public let gitDirectory: String
    /// The folder that all worktrees of the repository share.
    public let commonDirectory: String
    /// The top folder of the working tree, absolute, without a trailing slash; nil in a bare repository.
    public let workTree: String?

    /// Whether the repository has no working tree.
    public var isBare: Bool { workTree == nil }

    /// Opens the repository that git itself would use in this environment.
    ///
    /// `GIT_DIR` (also relative to `folder`), `GIT_WORK_TREE`, `GIT_OBJECT_DIRECTORY`,
    /// `GIT_ALTERNATE_OBJECT_DIRECTORIES` and `GIT_INDEX_FILE` are honoured; without `GIT_DIR` the repository is
    /// looked for upward from `folder`, as far as `GIT_CEILING_DIRECTORIES` and `GIT_DISCOVERY_ACROSS_FILESYSTEM`
    /// allow. The configuration takes `git -c` and the `GIT_CONFIG_…` variables from the same environment.
    ///
    /// A repository of another user is refused as git refuses it: not when `GIT_DIR` names it (git or the user has
    /// decided then), and not when `safe.directory` of the system, the user or `git -c` lists it.
    public init(fromEnvironment environment: [String: String], startingAt folder: String) throws(GitError) {
        let named = environment["GIT_DIR"].flatMap { $0.isEmpty ? nil : $0 }
        var flags = GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue | GIT_REPOSITORY_OPEN_NO_DOTGIT.rawValue
        if named == nil {
            let crosses = Configuration.boolean(environment["GIT_DISCOVERY_ACROSS_FILESYSTEM"]) ?? false
            flags = crosses ? GIT_REPOSITORY_OPEN_CROSS_FS.rawValue : 0
        }
        let start = named.map { absolute($0, in: folder) } ?? folder
        try self.init(start, flags, environment, relativeTo: folder, checksOwner: named == nil)
    }

    /// Opens the repository at exactly this path: a working tree, a `.git` file or folder, or a bare repository.
    ///
    /// The variables by which git names a repository are ignored, `git -c` with them; the user's and the system's
    /// configuration are those of this process.
    public init(at path: String) throws(GitError) {
        let names = [
            "HOME", "XDG_CONFIG_HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "SUDO_UID",
        ]
        let pairs = names.compactMap { name in getenv(name).map { (name, String(cString: $0)) } }
        let environment = Dictionary(uniqueKeysWithValues: pairs)
        try self.init(
            path, GIT_REPOSITORY_OPEN_NO_SEARCH.rawValue, environment, relativeTo: path, checksOwner: true)
    }

    private init(
        _ start: String, _ flags: UInt32, _ environment: [String: String], relativeTo folder: String,
        checksOwner: Bool
    ) throws(GitError) {
        try Library.start()
        let handle = try Self.openHandle(start, flags, ceilings: environment["GIT_CEILING_DIRECTORIES"])
        let gitDirectory = path(git_repository_path(handle.raw)) ?? start
        let commonDirectory = path(git_repository_commondir(handle.raw)) ?? gitDirectory
        let workTree = try Self.settleWorkTree(
            of: handle.raw, gitDirectory: gitDirectory, commonDirectory: commonDirectory, environment, folder)
        if checksOwner {
            try Ownership(gitDirectory: gitDirectory, workTree: workTree, environment: environment).check()
        }
        let objects = try Self.openObjects(of: handle.raw, commonDirectory, environment, folder)
        self.handle = handle
        self.objects = objects
        self.gitDirectory = gitDirectory
        self.commonDirectory = commonDirectory
        self.workTree = workTree
        self.environment = environment
        indexFile = environment["GIT_INDEX_FILE"].map { absolute($0, in: folder) }
    }

    private static func openHandle(_ start: String, _ flags: UInt32, ceilings: String?) throws(GitError) -> Handle {
        do {
            return try Handle(.open, start, free: git_repository_free) {
                git_repository_open_ext(&$0, start, flags, ceilings)
            }
        } catch {
            guard error.kind == .other else { throw error }
            try RepositoryFormat.check(at: start, ceilings: ceilings)
            throw error
        }
    }

    private static func openObjects(
        of raw: OpaquePointer, _ commonDirectory: String, _ environment: [String: String], _ folder: String
    ) throws(GitError) -> Handle {
        if let objects = environment["GIT_OBJECT_DIRECTORY"], !objects.isEmpty {
            let database = try Handle(.open, objects, free: git_odb_free) {
                git_odb_open(&$0, absolute(objects, in: folder))
            }
            try gate(.open, objects) { git_repository_set_odb(raw, database.raw) }
        }
        let database = try Handle(.open, commonDirectory, free: git_odb_free) { git_repository_odb(&$0, raw) }
        let alternates = environment["GIT_ALTERNATE_OBJECT_DIRECTORIES"] ?? ""
        for alternate in alternates.split(separator: ":").map({ absolute(String($0), in: folder) }) {
            try gate(.open, alternate) { git_odb_add_disk_alternate(database.raw, alternate) }
        }
        return database
    }
}

/// Copies a path the library gave, without the trailing slash that it likes.
func path(_ pointer: UnsafePointer<CChar>?) -> String? {
    guard let pointer else { return nil }
    let path = String(cString: pointer)
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
}

/// The path itself when absolute, else seen from the folder.
func absolute(_ path: String, in folder: String) -> String {
    path.hasPrefix("/") ? path : "\(folder)/\(path)"
}
