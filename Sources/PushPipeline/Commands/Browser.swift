internal import ProcessRunner

/// The user's web browser.
struct Browser: Sendable {
    let environment: [String: String]

    /// Whether somebody sits before this machine: not over ssh, not in continuous integration.
    private var isSomebodyThere: Bool {
        ["SSH_CONNECTION", "SSH_TTY", "CI"].allSatisfy { (environment[$0] ?? "").isEmpty }
    }

    /// Opens an address, as `$BROWSER`, `xdg-open` or `open` does, and does not wait for it.
    ///
    /// - Returns: false when nothing was started.
    func open(_ url: String) -> Bool {
        guard isSomebodyThere else { return false }
        let own = (environment["BROWSER"] ?? "").split(separator: ":").map(String.init)
        for program in own + ["xdg-open", "open"] {
            let command = Command(program, [url], environment: environment)
            if (try? command.spawnDetached(logFile: "/dev/null")) != nil { return true }
        }
        return false
    }
}
