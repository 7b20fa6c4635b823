/// Says which question to git failed, about what, and why, without advice.
public struct GitError: Error, Sendable, CustomStringConvertible {
    /// What a caller can act on; the same status of the library means different kinds in different operations.
    public enum Kind: Sendable, Hashable {
        /// No repository is at the given place or above it.
        case notARepository
        /// `HEAD` names a branch that has no commit yet.
        case unbornBranch
        /// The revision, or what it names, does not exist or cannot be parsed.
        case notFound
        /// An abbreviated object id fits more than one object.
        case ambiguous
        /// The object exists and is of another type than asked for.
        case wrongType
        /// The repository belongs to another user and no `safe.directory` allows it.
        case foreignOwner
        /// The repository names its objects by another hash than SHA-1.
        case unsupportedObjectFormat
        /// The repository uses a format version or an extension that cannot be read.
        case unsupportedExtension
        /// An object is not in the object database (a partial clone, or damage).
        case missingObject
        /// A tree names a path that must not be written.
        case unsafePath
        /// The file system has no room left.
        case noSpace
        /// A configuration value or the configuration in the environment has no valid form.
        case invalidConfiguration
        /// Anything else; `detail` tells it.
        case other
    }

    /// What a caller can act on.
    public let kind: Kind
    /// What was tried, as the end of “could not …”.
    public let operation: String
    /// The path, revision or object in single quotes, and the reason.
    public let detail: String

    /// One line: `could not <operation>: <detail>`.
    public var description: String { "could not \(operation): \(detail)" }

    init(_ kind: Kind, _ operation: Operation, _ detail: String) {
        self.kind = kind
        self.operation = operation.rawValue
        self.detail = detail
    }
}

/// The operations whose errors are told apart: each reads the library's status numbers in its own way.
enum Operation: String {
    case start = "start the git library"
    case open = "open the repository"
    case resolve = "resolve the revision"
    case read = "read the object"
    case readHead = "read HEAD"
    case configure = "read the configuration"
    case compare = "compare the working tree"
    case snapshot = "write the snapshot"
}
