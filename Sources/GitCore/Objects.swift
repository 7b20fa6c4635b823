internal import CGit2

/// The four kinds of git object.
public enum ObjectKind: String, Sendable {
    /// A commit.
    case commit
    /// The entries of one folder.
    case tree
    /// The bytes of one file or the target of one symbolic link.
    case blob
    /// An annotated tag.
    case tag

    init?(_ type: git_object_t) {
        switch type {
        case GIT_OBJECT_COMMIT: self = .commit
        case GIT_OBJECT_TREE: self = .tree
        case GIT_OBJECT_BLOB: self = .blob
        case GIT_OBJECT_TAG: self = .tag
        default: return nil
        }
    }
}

extension Repository {
    /// Whether the object is in the object database, its alternates included.
    public func contains(_ id: ObjectID) -> Bool {
        var oid = id.oid
        return git_odb_exists(objects.raw, &oid) == 1
    }

    /// The kind of the object.
    /// - Throws: `.missingObject`.
    public func kind(of id: ObjectID) throws(GitError) -> ObjectKind {
        try header(of: id).kind
    }

    /// The size of a blob in bytes, without reading its content.
    /// - Throws: `.missingObject`, `.wrongType`.
    public func blobSize(_ id: ObjectID) throws(GitError) -> Int64 {
        let header = try header(of: id)
        try require(.blob, header.kind, id)
        return Int64(header.size)
    }

    /// Lends the bytes of a blob to `body` and frees them afterwards.
    /// - Throws: `.missingObject`, `.wrongType`, and what `body` throws.
    public func withBlob<R>(_ id: ObjectID, _ body: (UnsafeRawBufferPointer) throws -> R) throws -> R {
        try readBlob(id).withBytes(body)
    }

    /// Copies the bytes of a blob.
    func bytes(ofBlob id: ObjectID) throws(GitError) -> [UInt8] {
        try readBlob(id).withBytes { Array($0) }
    }

    func readBlob(_ id: ObjectID) throws(GitError) -> BlobContent {
        var oid = id.oid
        let object = try Handle(.read, id.hex, free: git_odb_object_free) { git_odb_read(&$0, objects.raw, &oid) }
        try require(.blob, ObjectKind(git_odb_object_type(object.raw)), id)
        return BlobContent(object: object)
    }

    private func header(of id: ObjectID) throws(GitError) -> (kind: ObjectKind, size: Int) {
        var oid = id.oid
        var size = 0
        var type = GIT_OBJECT_INVALID
        try gate(.read, id.hex) { git_odb_read_header(&size, &type, objects.raw, &oid) }
        guard let kind = ObjectKind(type) else {
            throw GitError(.wrongType, .read, "'\(id)': it is of no known kind")
        }
        return (kind, size)
    }

    func require(_ wanted: ObjectKind, _ kind: ObjectKind?, _ id: ObjectID) throws(GitError) {
        if kind != wanted {
            throw GitError(.wrongType, .read, "'\(id)': it is a \(kind?.rawValue ?? "thing"), not a \(wanted.rawValue)")
        }
    }
}

/// Owns a blob that has been read; its bytes live as long as it does.
struct BlobContent: ~Copyable {
    private let object: Handle

    init(object: consuming Handle) { self.object = object }

    func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        let bytes = UnsafeRawBufferPointer(
            start: git_odb_object_data(object.raw), count: git_odb_object_size(object.raw))
        return try body(bytes)
    }
}
