extension Check {
    /// Git's client-side hooks, from `githooks(5)`.
    package static let hookNames = [
        "pre-push", "pre-commit", "commit-msg", "prepare-commit-msg", "pre-merge-commit", "post-commit", "post-merge",
        "post-checkout", "post-rewrite", "pre-rebase", "applypatch-msg", "pre-applypatch", "post-applypatch",
        "pre-auto-gc",
    ]

    /// Reads `hooks`.
    static func hooks(_ node: ConfigNode) throws(ConfigError) -> [String: [Check]] {
        var hooks: [String: [Check]] = [:]
        for hook in try ConfigMapping(node, keys: hookNames).entries {
            var checks: [Check] = []
            for entry in try ConfigMapping(hook.value).entries {
                checks.append(try Check(name: entry.key, entry.value))
            }
            guard !checks.isEmpty else { throw hook.value.error("'\(hook.value.path)' names no check") }
            hooks[hook.key] = checks
        }
        return hooks
    }

    /// Reads `tests: {run: …, timeout: …}` or the short form `tests: …`.
    init(name: String, _ node: ConfigNode) throws(ConfigError) {
        let isPrintable = name.unicodeScalars.allSatisfy { $0.properties.generalCategory != .control }
        guard !name.isEmpty, name.count <= 63, isPrintable else {
            throw node.error("'\(name)' cannot be a check's name", suggestion: "use 1 to 63 characters on one line")
        }
        guard node.isMapping else {
            self.init(name: name, run: try node.command())
            return
        }
        let keys = try ConfigMapping(
            node, keys: ["run", "timeout", "group", "files", "environment", "remotes", "branches", "caches"])
        self.init(
            name: name, run: try keys.required("run").command(),
            timeoutSeconds: try keys["timeout"]?.seconds(in: 1...86_400) ?? Check.defaultTimeoutSeconds)
        group = try keys["group"]?.word()
        if let node = keys["files"] { files = try node.patterns("a file", "'*.swift' or 'Sources/'", FilePattern.init) }
        if let node = keys["environment"] { environment = try node.variables() }
        if let node = keys["remotes"] { remotes = try node.patterns("a remote", "'origin' or '*'", BranchPattern.init) }
        if let node = keys["branches"] {
            branches = try node.patterns("a branch", "'main' or 'release/*'", BranchPattern.init)
        }
        if let node = keys["caches"] { caches = try node.folders() }
    }
}

extension ConfigNode {
    fileprivate func patterns<Pattern>(
        _ kind: String, _ example: String, _ make: (String) -> Pattern?
    ) throws(ConfigError) -> [Pattern] {
        var patterns: [Pattern] = []
        for text in try texts() {
            guard let pattern = make(text) else {
                throw error("'\(text)' cannot be \(kind)", suggestion: "write a name or a pattern such as \(example)")
            }
            patterns.append(pattern)
        }
        return patterns
    }
}
