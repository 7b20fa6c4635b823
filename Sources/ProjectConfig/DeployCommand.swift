/// The command that deploys an artifact where no platform does: `deploy` in `bim.yml`, or the user's own.
package struct DeployCommand: Sendable, Equatable {
    /// How a command is started.
    package enum Form: Sendable, Equatable {
        /// A program with its arguments, in which placeholders are replaced.
        case words([String])
        /// A text for `sh -c`, which reads variables; nothing is replaced in it.
        case shell(String)

        /// What a person is shown, and what is agreed to.
        package var commandLine: String {
            switch self {
            case .words(let words): words.map(ShellQuoting.word).joined(separator: " ")
            case .shell(let text): text
            }
        }
    }

    package var command: Form
    /// What takes an environment down; nil leaves it running.
    package var removal: Form?
    /// How long it may take, 1 to 86400 seconds.
    package var timeoutSeconds = 600
    /// The field of its JSON lines that holds the live URL.
    package var urlField = "url"
    /// What its exit statuses mean, by the names of bim's error codes.
    package var statuses: [Int: String] = [:]

    package init(command: Form) {
        self.command = command
    }

    /// Every command line of it.
    package var commandLines: [String] { [command.commandLine] + (removal.map { [$0.commandLine] } ?? []) }

    /// Reads a command that stands in one line: in words, quoted as in a shell, unless it is for a shell.
    ///
    /// - Returns: nil when a quote is not closed or there is no word.
    package static func form(_ text: String, shell: Bool) -> Form? {
        if shell { return text.allSatisfy(\.isWhitespace) ? nil : .shell(text) }
        guard let words = ShellQuoting.words(of: text), !words.isEmpty else { return nil }
        return .words(words)
    }
}

extension DeployCommand {
    init(_ node: ConfigNode) throws(ConfigError) {
        let keys = try ConfigMapping(node, keys: ["command", "remove", "shell", "timeout", "url", "statuses"])
        let shell = try keys["shell"]?.boolean() ?? false
        self.init(command: try Self.form(try keys.required("command"), shell: shell))
        if let node = keys["remove"] { removal = try Self.form(node, shell: shell) }
        if let node = keys["timeout"] { timeoutSeconds = try node.seconds(in: 1...86400) }
        if let node = keys["url"] { urlField = try node.word() }
        if let node = keys["statuses"] {
            for entry in try ConfigMapping(node).entries {
                guard let status = Int(entry.key), (1...255).contains(status) else {
                    throw entry.value.error(
                        "'\(entry.key)' is no exit status", suggestion: "use a number from 1 to 255")
                }
                statuses[status] = try entry.value.word()
            }
        }
    }

    private static func form(_ node: ConfigNode, shell: Bool) throws(ConfigError) -> Form {
        let texts = try node.texts()
        if texts.count > 1 {
            guard !shell else { throw node.error("'\(node.path)' must be one text where 'shell' is true") }
            return .words(texts)
        }
        guard let form = form(texts[0], shell: shell) else {
            throw node.error("'\(node.path)' has a quote that is not closed")
        }
        return form
    }
}
