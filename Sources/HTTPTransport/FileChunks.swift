internal import NIOCore

#if canImport(Glibc)
    internal import Glibc
#endif

/// A file's bytes in pieces of 256 KiB; each iteration opens the file anew, so that a request can be tried again.
struct FileChunks: AsyncSequence, Sendable {
    /// The file could not be read.
    struct ReadFailed: Error, CustomStringConvertible {
        let path: String
        let errorNumber: Int32

        var description: String { "\(path): \(String(cString: strerror(errorNumber)))" }
    }

    let path: String
    var offset: Int64 = 0
    /// Bytes to read; nil reads to the end.
    var count: Int64?

    func makeAsyncIterator() -> Iterator { Iterator(path: path, offset: offset, count: count) }

    final class Iterator: AsyncIteratorProtocol {
        private let path: String
        private var offset: Int64
        private var rest: Int64
        private var descriptor: Int32 = -1

        init(path: String, offset: Int64, count: Int64?) {
            self.path = path
            self.offset = offset
            rest = count ?? .max
        }

        deinit {
            if descriptor >= 0 { close(descriptor) }
        }

        func next() async throws -> ByteBuffer? {
            if descriptor < 0 { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
            guard descriptor >= 0 else { throw ReadFailed(path: path, errorNumber: errno) }
            var bytes = [UInt8](repeating: 0, count: Int(Swift.min(rest, 256 << 10)))
            let count = pread(descriptor, &bytes, bytes.count, off_t(offset))
            guard count >= 0 else { throw ReadFailed(path: path, errorNumber: errno) }
            offset += Int64(count)
            rest -= Int64(count)
            return count == 0 ? nil : ByteBuffer(bytes: bytes[..<count])
        }
    }
}
