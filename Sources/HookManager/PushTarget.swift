internal import GitCore
internal import ProjectConfig

/// The remote of a push, as a hook learns of it.
struct PushTarget: Sendable {
    /// The remote's name, or its URL when it has none.
    let name: String
    /// Whether pushing to it deploys.
    let isBim: Bool

    init(name: String, url: String, configuration: borrowing Configuration) {
        self.name = name
        isBim = url.hasPrefix("bim:") || configuration.string("remote.\(name).vcs") == "bim"
    }

    /// Tells whether a check guards pushes to this remote: those that name none guard bim's.
    func isGuarded(by check: Check) -> Bool {
        check.remotes.isEmpty ? isBim : check.remotes.contains { $0.matches(name) }
    }
}
