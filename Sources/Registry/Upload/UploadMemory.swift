internal import Artifacts

#if canImport(Glibc)
    internal import Glibc
#endif

/// Remembers which manifest was last uploaded to a repository: what it lists need not be asked for again.
///
/// Only a hint: the registry is asked whether it still has that manifest. May be deleted at any time.
package struct UploadMemory: Sendable {
    private let folder: String

    /// - Parameter folder: a folder that exists, such as that of the layer cache.
    package init(folder: String) {
        self.folder = folder
    }

    private func path(_ repository: String) -> String {
        "\(folder)/\(Digest.sha256(of: Array(repository.utf8)).hex).pushed"
    }

    /// The manifest that was last uploaded to the repository, which is named with its host.
    func last(_ repository: String) -> Digest? { SmallFile.text(path(repository)).flatMap { Digest($0) } }

    /// Takes note; a note that cannot be taken costs a question later.
    func remember(_ digest: Digest, for repository: String) {
        let partial = "\(folder)/partial-\(getpid())-\(UInt64.random(in: .min ... .max))"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { return }
        defer { close(descriptor) }
        let text = Array(digest.description.utf8)
        guard write(descriptor, text, text.count) == text.count, rename(partial, path(repository)) == 0 else {
            unlink(partial)
            return
        }
    }
}
