extension EnvironmentRule {
    /// The longest name, in characters.
    static let maximumNameLength = 40

    /// The most environments, and the most branches of one: each is compared with each.
    private static let maximumCount = 64

    /// The branches of an environment that names none: `main` and `master` for `production`, else its own name.
    static func defaultBranches(of name: String) -> [BranchPattern] {
        (name == "production" ? ["main", "master"] : [name]).compactMap(BranchPattern.init)
    }

    /// Reads `environments`.
    static func rules(_ node: ConfigNode) throws(ConfigError) -> [EnvironmentRule] {
        var rules: [EnvironmentRule] = []
        let entries = try ConfigMapping(node).entries
        guard entries.count <= maximumCount else { throw node.error("more than \(maximumCount) environments") }
        for entry in entries {
            guard DNSLabel.isValid(entry.key, maximumLength: maximumNameLength) else {
                throw entry.value.error(
                    "'\(entry.key)' cannot be an environment's name",
                    suggestion: DNSLabel.rule(maximumLength: maximumNameLength))
            }
            let rule = try EnvironmentRule(name: entry.key, entry.value)
            for other in rules {
                if let claim = rule.sharedClaim(with: other) {
                    throw entry.value.error(
                        "'\(other.name)' and '\(rule.name)' both claim \(claim)",
                        suggestion: "give every branch to one environment")
                }
            }
            rules.append(rule)
        }
        return rules
    }

    private init(name: String, _ node: ConfigNode) throws(ConfigError) {
        let keys = try ConfigMapping(node, keys: ["branches", "protected", "required-tests", "targets"])
        self.init(
            name: name,
            branches: try keys["branches"].map(Self.patterns) ?? Self.defaultBranches(of: name),
            protected: try keys["protected"]?.boolean() ?? false,
            requiredTests: try keys["required-tests"]?.boolean() ?? false,
            targets: try keys["targets"].map(Self.targets) ?? [])
    }

    /// The most platforms that switch together.
    private static let maximumTargets = 16

    private static func targets(_ node: ConfigNode) throws(ConfigError) -> [String] {
        let texts = try node.texts()
        guard texts.count <= maximumTargets else {
            throw node.error("'\(node.path)' names more than \(maximumTargets) platforms")
        }
        for (index, text) in texts.enumerated() {
            guard text.hasPrefix("bim::https://") || text.hasPrefix("bim::http://") || text.hasPrefix("https://") else {
                throw node.error(
                    "'\(text)' cannot be a target",
                    suggestion: "write the address of a platform: https://<host>/<user>/<app>")
            }
            guard !texts[..<index].contains(text) else { throw node.error("'\(text)' is named twice") }
        }
        return texts
    }

    private static func patterns(_ node: ConfigNode) throws(ConfigError) -> [BranchPattern] {
        var patterns: [BranchPattern] = []
        let texts = try node.texts()
        guard texts.count <= maximumCount else {
            throw node.error("'\(node.path)' names more than \(maximumCount) branches")
        }
        for text in texts {
            guard let pattern = BranchPattern(text) else {
                throw node.error(
                    "'\(text)' cannot be a branch", suggestion: "write a branch name or a pattern such as 'release/*'")
            }
            patterns.append(pattern)
        }
        return patterns
    }

    /// A plain name beats a pattern, so only equals can be in each other's way.
    private func sharedClaim(with other: EnvironmentRule) -> String? {
        for mine in branches {
            for theirs in other.branches where mine.isPlainName == theirs.isPlainName && mine.overlaps(theirs) {
                return mine == theirs
                    ? "the branch '\(mine)'" : "branches that match '\(theirs)' as well as '\(mine)'"
            }
        }
        return nil
    }
}
