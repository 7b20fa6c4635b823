/// What a push to a ref does.
package enum RefMeaning: Sendable, Equatable {
    /// Deploys to an environment; a preview is one that the configuration does not name.
    case environment(name: String, isPreview: Bool)

    /// Is stored with the source and deploys nothing.
    case store

    /// Is not accepted. The reason is one line and ends with the whole mapping.
    case refused(reason: String)
}

/// Which branch goes to which environment.
///
/// A plain branch name goes before a pattern, and a branch that nobody claims gets a preview of its own. `production`
/// is implied, with `main` and `master`, as long as the configuration neither declares it nor gives one of the two
/// branches to another environment; where it does, an unclaimed `main` is a preview like any other branch.
package struct EnvironmentMap: Sendable, Equatable {
    /// The declared environments and, last, an implied `production`.
    package let rules: [EnvironmentRule]

    /// Makes the map that a configuration describes.
    package init(_ config: ProjectConfig) {
        let production = "production"
        let implied = EnvironmentRule(name: production, branches: EnvironmentRule.defaultBranches(of: production))
        let isTaken = config.environments.contains { rule in
            rule.name == production
                || implied.branches.contains { main in rule.branches.contains { $0.overlaps(main) } }
        }
        rules = config.environments + (isTaken ? [] : [implied])
    }

    /// The rule of an environment; nil for a preview.
    package func rule(named name: String) -> EnvironmentRule? {
        rules.first { $0.name == name }
    }

    /// Says what a push to a full ref name does.
    package func meaning(ofRef ref: String) -> RefMeaning {
        let parts = ref.split(separator: "/", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count > 1, parts[0] == "refs", !parts.contains("") else {
            return .refused(reason: "'\(ref)' is not a full ref name; \(describe())")
        }
        switch (parts[1], parts.count) {
        case ("bim", _): return .refused(reason: "'\(ref)' is kept for the platform; \(describe())")
        case ("heads", 3): return environment(ofBranch: String(parts[2]))
        case ("heads", _), ("tags", 2): return .refused(reason: "'\(ref)' names no branch or tag; \(describe())")
        default: return .store
        }
    }

    /// The whole mapping on one line.
    package func describe() -> String {
        let declared = rules.map { rule in
            let branches = rule.branches.map(\.text).joined(separator: ", ")
            return "\(branches.isEmpty ? "no branch" : branches) → \(rule.name)"
        }
        let rest = ["any other branch → a preview of its own", "tags and other refs → stored, not deployed"]
        return (declared + rest).joined(separator: "; ")
    }

    private func environment(ofBranch branch: String) -> RefMeaning {
        for plain in [true, false] {
            for rule in rules where rule.branches.contains(where: { $0.isPlainName == plain && $0.matches(branch) }) {
                return .environment(name: rule.name, isPreview: false)
            }
        }
        let taken = Set(rules.map(\.name) + ["production"])
        return .environment(name: PreviewName.make(branch: branch, taken: taken), isPreview: true)
    }
}
