internal import Glibc

/// Says which system call failed on what, and with which `errno`.
package struct SystemError: Error, Hashable, Sendable {
    package var call: String
    package var path: String?
    package var errno: Int32

    package init(call: String, path: String? = nil, errno: Int32) {
        self.call = call
        self.path = path
        self.errno = errno
    }

    /// Whether the disk, or the user's share of it, is full.
    package var isNoSpace: Bool { errno == ENOSPC || errno == EDQUOT }

    /// Makes the call, again after an interrupt, and throws when it returns a negative number.
    @discardableResult
    package static func check<Result: SignedInteger>(
        _ call: String, _ path: [UInt8]? = nil, _ body: () -> Result
    ) throws -> Result {
        while true {
            let result = body()
            if result >= 0 { return result }
            let code = Glibc.errno
            if code == EINTR { continue }
            throw SystemError(call: call, path: path.map { String(decoding: $0, as: UTF8.self) }, errno: code)
        }
    }

    /// Writes all bytes to the descriptor.
    package static func writeAll(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = UnsafeRawBufferPointer(rebasing: rest)
            let count = try check("write") { Glibc.write(descriptor, piece.baseAddress, piece.count) }
            rest = rest.dropFirst(count)
        }
    }
}
