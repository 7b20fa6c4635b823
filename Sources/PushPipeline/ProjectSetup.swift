package import Diagnostics
internal import Deployers
internal import GitCore
internal import ProcessRunner
internal import ProjectConfig

/// Makes a repository ready for its first push.
package struct ProjectSetup: Sendable {
    private let environment: [String: String]

    package init(environment: [String: String]) {
        self.environment = environment
    }

    /// Adds a remote, unless one of that name is there already.
    ///
    /// - Parameter url: nil is the platform on this machine, with the app that `bim.yml` or the folder names.
    /// - Returns: the remote's URL, and whether it was added.
    /// - Throws: `CONFIG_INVALID` outside of a repository, or for a URL that is none of bim's.
    package func addRemote(_ name: String, url: String?) async throws(UserError) -> (url: String, isNew: Bool) {
        let (known, app) = try facts(name)
        if let known { return (known, false) }
        let url = url ?? "bim::local/\(app)"
        guard url.hasPrefix("bim:") else {
            throw UserError(
                .configInvalid, "'\(url)' is not an address of a bim remote", hint: "git bim init bim::local/<app>")
        }
        _ = try RemoteAddress(url)
        let git = Command("git", ["remote", "add", "--", name, url], environment: environment)
        let answer: Captured
        do { answer = try await git.capture(deadline: .seconds(30)) } catch {
            throw UserError(.internal, "git does not answer", hint: "git remote add \(name) \(url)", cause: error)
        }
        guard answer.status.isSuccess else {
            let said = answer.errorText.split(separator: "\n").first.map(String.init) ?? "no reason given"
            throw UserError(.configInvalid, "the remote '\(name)' was not added: \(said)", hint: "git remote -v")
        }
        return (url, true)
    }

    /// The URL of the remote, if there is one, and what the app is called.
    private func facts(_ name: String) throws(UserError) -> (url: String?, app: String) {
        do {
            let repository = try RepositoryLocation(environment: environment, folder: ".").open()
            let url = try repository.configuration().string("remote.\(name).url")
            let folder = repository.workTree ?? repository.gitDirectory
            let base = folder.split(separator: "/").last.map(String.init) ?? "app"
            return (url, configuredApp(repository) ?? AppName.nearest(to: base))
        } catch {
            throw error.userError
        }
    }

    private func configuredApp(_ repository: borrowing Repository) -> String? {
        guard let head = try? repository.resolve("HEAD"), let tree = try? repository.commit(head).tree,
            let bytes = try? repository.blob(at: "bim.yml", inTree: tree)
        else { return nil }
        return (try? ProjectConfig.parse(String(decoding: bytes, as: UTF8.self)))?.app
    }
}
