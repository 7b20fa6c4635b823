internal import ProcessRunner

/// A hook of the operator's in the server's repository.
struct HookProgram {
    private let path: String
    private let repository: ServerRepository

    init(path: String, _ repository: ServerRepository) {
        self.path = path.hasPrefix("/") ? path : "\(repository.folder)/\(path)"
        self.repository = repository
    }

    /// Runs it; one that is not there agrees.
    ///
    /// - Returns: whether it agrees.
    func run(_ arguments: [String], onLine: @escaping @Sendable (String) -> Void) async -> Bool {
        let command = Command(
            path, arguments, environment: repository.environment, workingDirectory: repository.folder)
        do {
            return try await command.streamMerged(deadline: .seconds(600)) { onLine($0) }.isSuccess
        } catch let error as ProcessError where [.notFound, .notExecutable].contains(error.kind) {
            return true
        } catch {
            return false
        }
    }
}
