internal import Builders
internal import GitCore
internal import ProcessRunner
internal import ProjectConfig
internal import Registry

/// What an image may say of the commit that it is of: which it is, where its source is found, what people call it.
struct CommitNaming: Sendable {
    let location: RepositoryLocation

    /// - Parameter image: an image of a tree alone says nothing, so nothing is looked up for it.
    func facts(of commit: Commit, _ image: ImageSettings) async throws(GitError) -> CommitFacts {
        var facts = CommitFacts(revision: commit.id.hex, time: commit.committerTime)
        guard image.isOfCommit else { return facts }
        let remotes = try location.open().configuration().remotes()
        let first = remotes.filter { $0.name == "origin" } + remotes.filter { $0.name != "origin" }
        facts.source = first.lazy.compactMap { Self.source($0.url) }.first
        facts.version = await version(of: commit)
        return facts
    }

    /// `git describe`, with an abbreviation whose length does not depend on what else the clone holds.
    private func version(of commit: Commit) async -> String? {
        let command = Command(
            "git", ["-C", location.folder, "describe", "--tags", "--abbrev=12", commit.id.hex],
            environment: location.environment)
        guard let said = try? await command.capture(deadline: .seconds(60)), said.status.isSuccess else { return nil }
        let text = String(decoding: said.output, as: UTF8.self)
        return text.split(whereSeparator: \.isNewline).first.map(String.init)
    }

    /// A remote's URL as everybody may read it: without passwords and, but for ssh, without user names, which may be
    /// tokens; nil for a path of this machine and for an address of bim's.
    static func source(_ url: String) -> String? {
        guard let scheme = url.firstRange(of: "://") else { return shortSSH(url) }
        let name = url[..<scheme.lowerBound].lowercased()
        guard ["https", "http", "ssh", "git+ssh", "ssh+git", "git"].contains(name) else { return nil }
        let rest = url[scheme.upperBound...].prefix { $0 != "?" && $0 != "#" }
        let authority = rest.prefix { $0 != "/" }
        var host = authority[...]
        var user = ""
        if let at = authority.lastIndex(of: "@") {
            host = authority[authority.index(after: at)...]
            if name.contains("ssh") { user = authority[..<at].prefix { $0 != ":" } + "@" }
        }
        return host.isEmpty ? nil : "\(name)://\(user)\(host)\(rest[authority.endIndex...])"
    }

    /// `git@host:path` as a URL.
    private static func shortSSH(_ text: String) -> String? {
        guard let colon = text.firstIndex(of: ":"), !text[..<colon].contains("/"), !text.hasPrefix("bim::") else {
            return nil
        }
        let path = text[text.index(after: colon)...].drop { $0 == "/" }
        let host = text[..<colon]
        guard !host.isEmpty, !path.isEmpty, !path.contains("::") else { return nil }
        return "ssh://\(host)/\(path)"
    }
}
