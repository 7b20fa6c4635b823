/// One command that a hook runs.
package struct Check: Sendable, Equatable {
    /// What the user sees of it.
    package var name: String

    /// A command for `sh -c`.
    package var run: String

    /// How long it may take, 1 to 86400 seconds.
    package var timeoutSeconds: Int

    /// Checks of the same group run at the same time, groups one after another; nil stands for a group of its own.
    package var group: String?

    /// Patterns of files; the check is left out when nothing that matches them has changed. Empty means all files.
    package var files: [FilePattern] = []

    /// Variables that the command sees with these values.
    package var environment: [String: String] = [:]

    /// The remotes whose pushes it guards, by name or pattern; empty means bim's.
    package var remotes: [BranchPattern] = []

    /// The branches, as they are called on the remote, whose pushes it guards; empty means every ref.
    package var branches: [BranchPattern] = []

    /// Folders, by name or path, that the command fills and that the next run shall find again.
    package var caches: [String] = []

    /// The time for a check that does not say its own.
    package static let defaultTimeoutSeconds = 600

    /// Makes a check.
    package init(name: String, run: String, timeoutSeconds: Int = Check.defaultTimeoutSeconds) {
        self.name = name
        self.run = run
        self.timeoutSeconds = timeoutSeconds
    }

    /// Everything that decides what is run, on one line: `A=1 make test`.
    package var commandLine: String {
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\(ShellQuoting.word($0.value)) " }
        return variables.joined() + run
    }
}

/// A pattern for files below the root of a commit.
///
/// `*` and `?` stay within one part of the path, `**` crosses slashes and `**/` may stand for no folder at all; a pattern
/// without a slash matches the file's name in any folder, and one that ends in a slash everything below that folder.
package struct FilePattern: Sendable, Equatable {
    /// The pattern as written.
    package let text: String

    private let patterns: [BranchPattern]

    /// Makes a pattern; nil when no path can match the text.
    package init?(_ text: String) {
        self.text = text
        var texts = [text.hasSuffix("/") ? text + "**" : text]
        if !text.contains("/") { texts.append("**/\(text)") }
        if text.hasPrefix("**/") { texts.append(String(texts[0].dropFirst(3))) }
        patterns = texts.compactMap(BranchPattern.init)
        if patterns.count != texts.count { return nil }
    }

    /// Tells whether the pattern matches the path, which does not begin with a slash.
    package func matches(_ path: String) -> Bool {
        patterns.contains { $0.matches(path) }
    }
}
