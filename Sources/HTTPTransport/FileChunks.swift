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

    func makeAsyncIterator() -> Iterator { Iterator(path: path) }

    final class Iterator: AsyncIteratorProtocol {
        private let path: String
        private var descriptor: Int32 = -1

        init(path: String) {
            self.path = path
        }

        deinit {
            if descriptor >= 0 { close(descriptor) }
        }

        func next() async throws -> ByteBuffer? {
            if descriptor < 0 { descriptor = open(path, O_RDONLY | O_CLOEXEC) }
            guard descriptor >= 0 else { throw ReadFailed(path: path, errorNumber: errno) }
            var bytes = [UInt8](repeating: 0, count: 256 << 10)
            let count = read(descriptor, &bytes, bytes.count)
            guard count >= 0 else { throw ReadFailed(path: path, errorNumber: errno) }
            return count == 0 ? nil : ByteBuffer(bytes: bytes[..<count])
        }
    }
}
