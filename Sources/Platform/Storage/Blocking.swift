internal import NIOPosix

/// Work that waits for a disk, on threads that nobody else waits for.
enum Blocking {
    /// Runs `body` to its end, whatever becomes of the calling task.
    static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await Task { try await NIOThreadPool.singleton.runIfActive(body) }.value
    }
}
