internal import ProcessRunner

/// Bytes both ways between git and a program that serves it, untouched.
enum GitRelay {
    /// How long a program may go on when git has nothing more to say to it.
    private static let farewell = Duration.seconds(60)

    /// Passes on until the program has said all; then git's input is over, too.
    static func pass(
        _ channel: GitChannel, _ helper: Conversation, _ output: inout Conversation.Chunks.Iterator
    ) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                // A program that reads no more may still have something to say.
                while let chunk = await channel.nextChunk() { try await helper.write(chunk) }
                await helper.finishInput()
                try await Task.sleep(for: farewell)
                channel.end(.aborted)
            }
            defer {
                channel.end(.input)
                group.cancelAll()
            }
            while let chunk = try await output.next() { channel.write(chunk) }
        }
    }
}
