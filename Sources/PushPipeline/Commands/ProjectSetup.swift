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
    /// - Returns: the remote's URL, whether it was added, and the branch that is checked out.
    /// - Throws: `CONFIG_INVALID` outside of a repository, for a URL that is none of bim's, and for a remote of that name
    ///   with another URL.
    package func addRemote(
        _ name: String, url: String?
    ) async throws(UserError) -> (url: String, isNew: Bool, branch: String) {
        let (known, app, branch) = try facts(name)
        if let known {
            guard known.hasPrefix("bim:"), url == nil || url == known else {
                throw UserError(
                    .configInvalid,
                    "the remote '\(name)' is there already, with the URL '\(withoutCredentials(known))'",
                    hint: "git bim init --remote <another name>\(url.map { " " + $0 } ?? "")")
            }
            return (known, false, branch)
        }
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
        return (url, true, branch)
    }

    /// The URL of the remote, if there is one, what the app is called, and the branch.
    private func facts(_ name: String) throws(UserError) -> (url: String?, app: String, branch: String) {
        do {
            let repository = try RepositoryLocation(environment: environment, folder: ".").open()
            let url = try repository.configuration().string("remote.\(name).url")
            let folder = repository.workTree ?? repository.gitDirectory
            let base = folder.split(separator: "/").last.map(String.init) ?? "app"
            let head = try repository.branchNameOfHead() ?? "refs/heads/main"
            return (
                url, configuredApp(repository) ?? AppName.nearest(to: base),
                head.hasPrefix("refs/heads/") ? String(head.dropFirst(11)) : head
            )
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
