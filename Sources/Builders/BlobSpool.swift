internal import Artifacts
internal import GitCore
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// Files with the contents of large blobs, which libgit2 could give only as one piece of memory.
///
/// git itself writes them out, piece by piece; they are gone when this is.
final class BlobSpool {
    /// Blobs up to this many bytes are read whole.
    static let threshold: Int64 = 8 << 20

    private let folder: String
    private var files: [String: String] = [:]

    /// - Parameter folder: where the files are made.
    init(folder: String) {
        self.folder = folder
    }

    deinit {
        for file in files.values { unlink(file) }
    }

    /// Brings a blob to a file, unless it is there already.
    func add(_ id: String, from location: RepositoryLocation) async throws {
        guard files[id] == nil else { return }
        let path = PartialFile.path(in: folder)
        let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw SystemError(call: "open", path: path, errno: errno) }
        files[id] = path
        defer { close(descriptor) }
        let command = Command(
            "git", ["cat-file", "blob", id], environment: location.environment, workingDirectory: location.folder)
        let answer = try await command.pour(deadline: .seconds(1800)) { bytes in
            try bytes.withUnsafeBytes { try SystemError.writeAll($0, to: descriptor) }
        }
        guard answer.status.isSuccess else { throw Failure(blob: id, said: answer.errorText) }
    }

    /// Brings a blob to a file and returns its path, which is good as long as this is.
    func path(_ id: String, from location: RepositoryLocation) async throws -> String {
        try await add(id, from: location)
        guard let path = files[id] else { throw Failure(blob: id, said: "nothing was written") }
        return path
    }

    /// git could not write a blob out.
    struct Failure: Error, CustomStringConvertible {
        let blob: String
        let said: String

        var description: String { "git cat-file blob \(blob): \(said)" }
    }

    /// Delivers the content of a blob that was added; false when it was not.
    func read(_ id: String, _ deliver: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
        guard let path = files[id] else { return false }
        let descriptor = try SystemError.check("open", Array(path.utf8)) { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(descriptor) }
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
        defer { buffer.deallocate() }
        while true {
            try Task.checkCancellation()
            let count = try SystemError.check("read") { Glibc.read(descriptor, buffer.baseAddress, buffer.count) }
            if count == 0 { return true }
            try deliver(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        }
    }
}
