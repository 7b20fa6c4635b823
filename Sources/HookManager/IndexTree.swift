internal import Diagnostics
internal import FoundationEssentials
internal import GitCore
internal import Glibc
internal import ProcessRunner

/// The tree of what is staged. Git writes it from a copy of the index, which itself is not touched.
struct IndexTree {
    let environment: [String: String]
    let folder: String

    /// - Throws: `CONFIG_INVALID` for an index with conflicts.
    func write(_ repository: borrowing Repository) async throws(UserError) -> ObjectID {
        let named = environment["GIT_INDEX_FILE"].map { $0.hasPrefix("/") ? $0 : "\(folder)/\($0)" }
        let index = named ?? "\(repository.gitDirectory)/index"
        // Beside the real one, where a split index finds its other half.
        let copy = "\(repository.gitDirectory)/bim-index-\(getpid())"
        defer { unlink(copy) }
        var variables = environment
        variables["GIT_INDEX_FILE"] = copy
        do {
            if access(index, F_OK) == 0 {
                try Data(contentsOf: URL(filePath: index)).write(to: URL(filePath: copy))
            }
            let command = Command("git", ["write-tree"], environment: variables, workingDirectory: folder)
            let captured = try await command.capture(deadline: .seconds(60))
            if captured.status.isSuccess, let tree = ObjectID(hex: captured.text.prefix(40)) { return tree }
            throw UserError(.configInvalid, "the index cannot be written as a tree", hint: "git status")
        } catch let error as UserError {
            throw error
        } catch {
            throw UserError(.configInvalid, "the index cannot be written as a tree", hint: "git status", cause: error)
        }
    }
}
