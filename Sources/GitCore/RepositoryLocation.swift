/// Where a repository is and in which environment git opens it: a value from which each task opens its own handle.
public struct RepositoryLocation: Sendable {
    /// The variables that git gave, `GIT_DIR` and `git -c` among them.
    public let environment: [String: String]
    /// The folder that the search begins in and that relative variables refer to.
    public let folder: String

    /// Names the repository that git would use in `folder` with `environment`.
    public init(environment: [String: String], folder: String) {
        self.environment = environment
        self.folder = folder
    }

    /// Opens the repository anew.
    ///
    /// - Throws: what ``Repository/init(fromEnvironment:startingAt:)`` throws.
    public func open() throws(GitError) -> Repository {
        try Repository(fromEnvironment: environment, startingAt: folder)
    }
}
