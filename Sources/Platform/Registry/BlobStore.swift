internal import Artifacts
internal import Diagnostics
internal import FoundationEssentials
internal import SystemPackage

#if canImport(Glibc)
    internal import Glibc
#endif

/// The registry's blobs as files that are named by their digest; a blob is there whole or not at all.
struct BlobStore: Sendable {
    /// Why a blob could not be taken.
    enum Failure: Error, Equatable {
        case digestMismatch(actual: String)
        case noSpace
        case unknownUpload
        case io(String)
    }

    let folder: String

    init(folder: String) throws(Failure) {
        self.folder = folder
        for path in [folder, folder + "/blobs", folder + "/uploads"] {
            guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .fromErrno() }
        }
    }

    func path(of digest: Digest) -> String { "\(folder)/blobs/\(digest.hex)" }

    /// The size of a blob in bytes, or nil when it is not here.
    func size(of digest: Digest) -> Int64? {
        (try? Stat(path(of: digest)))?.size
    }

    /// Begins an upload and answers with its name.
    func beginUpload() throws(Failure) -> String {
        removeAbandonedUploads()
        let name = randomHex(bytes: 16)
        let descriptor = open(uploadPath(name), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .fromErrno() }
        close(descriptor)
        return name
    }

    /// How many bytes an upload has received.
    func received(by upload: String) throws(Failure) -> Int64 {
        guard isUploadName(upload), let facts = try? Stat(uploadPath(upload)) else { throw .unknownUpload }
        return facts.size
    }

    /// Appends to an upload; the caller hands chunks over in order.
    func append(_ chunk: UnsafeRawBufferPointer, to upload: String) throws(Failure) {
        guard isUploadName(upload) else { throw .unknownUpload }
        let descriptor = open(uploadPath(upload), O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unknownUpload }
        defer { close(descriptor) }
        try Self.writeAll(chunk, to: descriptor)
    }

    /// Ends an upload: checks the digest over all that came and gives the blob its name.
    func finish(_ upload: String, as digest: Digest) throws(Failure) {
        guard isUploadName(upload) else { throw .unknownUpload }
        let path = uploadPath(upload)
        let actual = try Self.digest(ofFile: path)
        guard actual == digest else {
            unlink(path)
            throw .digestMismatch(actual: actual.description)
        }
        // In this order a power cut leaves the blob whole or not at all.
        guard FolderContents.synchronize(path), rename(path, self.path(of: digest)) == 0 else { throw .fromErrno() }
        FolderContents.synchronize(folder + "/blobs")
    }

    /// The digests of all blobs, by name.
    func all() -> [Digest] {
        FolderContents.names(in: folder + "/blobs").compactMap { Digest("sha256:" + $0) }
    }

    func remove(_ digest: Digest) { unlink(path(of: digest)) }

    /// Removes a blob whose bytes are not what its name says, so that it is uploaded again; whether it was one.
    @discardableResult
    func removeIfDamaged(_ digest: Digest) -> Bool {
        let path = path(of: digest)
        guard let actual = try? Self.digest(ofFile: path), actual != digest else { return false }
        return unlink(path) == 0
    }

    func cancel(_ upload: String) {
        if isUploadName(upload) { unlink(uploadPath(upload)) }
    }

    /// Stores a small blob that is in memory, as a manifest is.
    func store(_ bytes: [UInt8]) throws(Failure) -> Digest {
        let digest = Digest.sha256(of: bytes)
        if load(digest) == bytes { return digest }
        let upload = try beginUpload()
        var failure: Failure?
        bytes.withUnsafeBytes { buffer in
            do throws(Failure) { try append(buffer, to: upload) } catch { failure = error }
        }
        if let failure {
            cancel(upload)
            throw failure
        }
        try finish(upload, as: digest)
        return digest
    }

    /// A small blob whole, or nil when it is not here or larger than 8 MiB.
    func load(_ digest: Digest) -> [UInt8]? {
        guard let size = size(of: digest), size <= 8 << 20 else { return nil }
        let descriptor = open(path(of: digest), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(size))
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + filled, $0.count - filled) }
            guard count > 0 else { return nil }
            filled += count
        }
        return bytes
    }

    /// Removes uploads that nobody went on with for an hour.
    private func removeAbandonedUploads() {
        let limit = Date(timeIntervalSinceNow: -3600)
        for name in FolderContents.names(in: folder + "/uploads") {
            let facts = try? FileManager.default.attributesOfItem(atPath: uploadPath(name))
            if let changed = facts?[.modificationDate] as? Date, changed < limit { unlink(uploadPath(name)) }
        }
    }

    /// Removes what uploads of an earlier process left behind.
    func removeUploads() {
        for name in FolderContents.names(in: folder + "/uploads") { unlink(uploadPath(name)) }
    }

    private func uploadPath(_ name: String) -> String { "\(folder)/uploads/\(name)" }

    /// Names come back from clients, so anything but our own form is no upload.
    private func isUploadName(_ name: String) -> Bool {
        name.utf8.count == 32 && name.utf8.allSatisfy { (0x30...0x39).contains($0) || (0x61...0x66).contains($0) }
    }

    private static func writeAll(_ chunk: UnsafeRawBufferPointer, to descriptor: Int32) throws(Failure) {
        var rest = chunk[...]
        while !rest.isEmpty {
            let count = write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw .fromErrno()
            }
            rest = rest.dropFirst(count)
        }
    }

    private static func digest(ofFile path: String) throws(Failure) -> Digest {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unknownUpload }
        defer { close(descriptor) }
        var writer = DigestWriter()
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            if count < 0 { throw .fromErrno() }
            if count == 0 { return writer.finalize() }
            buffer.withUnsafeBytes { writer.update(UnsafeRawBufferPointer(rebasing: $0[..<count])) }
        }
    }
}

extension BlobStore.Failure {
    static func fromErrno() -> Self {
        errno == ENOSPC || errno == EDQUOT ? .noSpace : .io(String(cString: strerror(errno)))
    }
}

/// Lower-case hexadecimal digits of `bytes` bytes from the system's random source.
func randomHex(bytes: Int) -> String {
    var generator = SystemRandomNumberGenerator()
    return (0..<bytes).map { _ in
        let byte = UInt8.random(in: .min ... .max, using: &generator)
        return (byte < 16 ? "0" : "") + String(byte, radix: 16)
    }.joined()
}
