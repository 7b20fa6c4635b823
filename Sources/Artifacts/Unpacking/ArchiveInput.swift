internal import CArchive

/// Feeds libarchive from a Swift function; an error that it throws is parked until libarchive has returned.
final class ArchiveInput {
    private let next: () throws -> UnsafeRawBufferPointer
    private(set) var error: (any Error)?

    /// `next` returns bytes that stay valid until it is called again, and none at the end.
    init(next: @escaping () throws -> UnsafeRawBufferPointer) {
        self.next = next
    }

    fileprivate func read(_ buffer: UnsafeMutablePointer<UnsafeRawPointer?>?) -> la_ssize_t {
        do {
            let bytes = try next()
            buffer?.pointee = bytes.baseAddress
            return bytes.count
        } catch {
            self.error = error
            return la_ssize_t(ARCHIVE_FATAL)
        }
    }
}

/// Owns one libarchive reader.
struct ArchiveReader: ~Copyable {
    let raw: OpaquePointer
    private let input: ArchiveInput

    private init(raw: OpaquePointer, input: ArchiveInput) {
        self.raw = raw
        self.input = input
    }

    /// Opens a reader; `configure` says which formats and filters it knows.
    static func open(_ input: ArchiveInput, configure: (OpaquePointer) -> Void) throws -> ArchiveReader {
        guard let raw = archive_read_new() else { throw UnpackError.damaged("out of memory") }
        let reader = ArchiveReader(raw: raw, input: input)
        configure(raw)
        let client = Unmanaged.passUnretained(input).toOpaque()
        let status = archive_read_open(
            raw, client, nil,
            { _, client, buffer in
                guard let client else { return la_ssize_t(ARCHIVE_FATAL) }
                return Unmanaged<ArchiveInput>.fromOpaque(client).takeUnretainedValue().read(buffer)
            }, nil)
        try reader.check(status)
        return reader
    }

    /// Opens a file, in which the reader may go to and fro.
    static func open(file path: String, configure: (OpaquePointer) -> Void) throws -> ArchiveReader {
        guard let raw = archive_read_new() else { throw UnpackError.damaged("out of memory") }
        let reader = ArchiveReader(raw: raw, input: ArchiveInput { UnsafeRawBufferPointer(start: nil, count: 0) })
        configure(raw)
        try reader.check(archive_read_open_filename(raw, path, 1 << 16))
        return reader
    }

    deinit {
        archive_read_free(raw)
    }

    /// Moves to the next entry; nil at the end.
    func next() throws -> OpaquePointer? {
        var entry: OpaquePointer?
        let status = archive_read_next_header(raw, &entry)
        if status == ARCHIVE_EOF, input.error == nil { return nil }
        try check(status)
        return entry
    }

    /// Returns the next bytes of the entry and where they lie in it; nil at its end.
    ///
    /// The bytes are valid until the next call.
    func nextBlock() throws -> (bytes: UnsafeRawBufferPointer, offset: Int64)? {
        var address: UnsafeRawPointer?
        var count = 0
        var offset: Int64 = 0
        let status = archive_read_data_block(raw, &address, &count, &offset)
        if status == ARCHIVE_EOF, input.error == nil { return nil }
        try check(status)
        return (UnsafeRawBufferPointer(start: address, count: count), offset)
    }

    /// Throws what the input threw, or what libarchive has to say; its warnings pass.
    private func check(_ status: Int32) throws {
        if let error = input.error { throw error }
        guard status < ARCHIVE_WARN || status == ARCHIVE_RETRY else { return }
        throw UnpackError.damaged(archiveMessage(raw))
    }
}

/// What libarchive says about its last failure.
func archiveMessage(_ raw: OpaquePointer) -> String {
    archive_error_string(raw).map { String(cString: $0) } ?? "unknown error"
}
