package import Diagnostics
internal import GitCore
internal import Glibc
internal import ProcessRunner
internal import ProjectConfig

/// Explains who owns which hook of a repository, and why one does not run.
package struct HookDoctor: Sendable {
    private let environment: [String: String]
    private let location: RepositoryLocation

    package init(environment: [String: String], folder: String) {
        self.environment = environment
        location = RepositoryLocation(environment: environment, folder: folder)
    }

    /// Looks at everything that decides whether a hook runs; changes nothing.
    package func examine() async throws(UserError) -> [Finding] {
        let facts = try await RepositoryFacts(location: location, environment: environment)
        var findings = [gitVersion(facts), facts.folderFinding]
        let entries = try await facts.configuredHooks()
        for hook in try wantedHooks(facts, entries) { findings += examine(hook, facts, entries) }
        findings += facts.hiddenHooks
        findings += wishes()
        return findings
    }

    private func gitVersion(_ facts: RepositoryFacts) -> Finding {
        facts.runsConfiguredHooks
            ? .fine("git \(facts.version) runs hooks that its configuration names")
            : .fine("git \(facts.version) runs scripts in the hooks folder alone")
    }

    /// The hooks that somebody expects to run: named by the configuration, or there.
    private func wantedHooks(_ facts: RepositoryFacts, _ entries: [ConfiguredEntry]) throws(UserError) -> [String] {
        let named = try NamedHooks(location: location).names
        return Check.hookNames.filter { hook in
            hook == "pre-push" || named.contains(hook) || facts.folder.occupant(of: hook) != nil
                || entries.contains { $0.event == hook }
        }
    }

    private func examine(_ hook: String, _ facts: RepositoryFacts, _ entries: [ConfiguredEntry]) -> [Finding] {
        let entries = entries.filter { $0.event == hook }
        var findings = entries.map { $0.finding(facts) }
        let occupant = facts.folder.occupant(of: hook)
        if let occupant { findings += examine(hook, occupant, facts) }
        let isInstalled =
            entries.contains { $0.isOurs && facts.runsConfiguredHooks }
            || occupant.map { $0.authorship != .foreign } == true
        if !isInstalled {
            findings.append(.problem("\(hook): bim-hooks is not installed", hint: "bim-hooks install \(hook)"))
        }
        if entries.contains(where: \.isOurs), occupant?.authorship == .intact, facts.runsConfiguredHooks {
            findings.append(
                .problem(
                    "\(hook): installed twice, so every check is asked for twice",
                    hint: "bim-hooks uninstall \(hook), then bim-hooks install \(hook)"))
        }
        return findings
    }

    private func examine(_ hook: String, _ occupant: HookFolder.Occupant, _ facts: RepositoryFacts) -> [Finding] {
        let file = facts.folder.file(of: hook)
        guard occupant.isExecutable else {
            return [.problem("\(hook): '\(file)' is not executable, so git ignores it", hint: "chmod +x '\(file)'")]
        }
        switch occupant.authorship {
        case .foreign:
            return [
                .note(
                    "\(hook): '\(file)' is \(HookOwner.of(occupant.text).map { "\($0)'s" } ?? "a script of your own")")
            ]
        case .edited:
            return [
                .problem(
                    "\(hook): '\(file)' was made by bim-hooks and edited since",
                    hint: "mv '\(file)' '\(file).mine' && bim-hooks install \(hook)")
            ]
        case .intact: return [program(of: hook, occupant), earlier(hook, facts)].compactMap { $0 }
        }
    }

    private func program(of hook: String, _ occupant: HookFolder.Occupant) -> Finding {
        let line = occupant.text.split(separator: "\n").first { $0.hasPrefix("program=") }
        guard let line else { return .fine("\(hook): passed on to the repository's own hook") }
        let named = line.dropFirst("program=".count).filter { $0 != "'" }
        let found = ExecutableLookup.find("bim-hooks", path: environment["PATH"])
        if access(String(named), X_OK) == 0 { return .fine("\(hook): bim-hooks runs its checks") }
        if let found { return .fine("\(hook): '\(named)' is gone, and '\(found)' runs its checks") }
        return .problem(
            "\(hook): the script starts '\(named)', which is not there",
            hint: "run bim's install.sh, then: bim-hooks install")
    }

    private func earlier(_ hook: String, _ facts: RepositoryFacts) -> Finding? {
        let kept = facts.folder.keptFile(of: hook)
        guard let bytes = ProcFile.read(kept) else { return nil }
        let owner = HookOwner.of(String(decoding: bytes, as: UTF8.self)).map { "\($0)'s hook" } ?? "a hook of your own"
        if access(kept, X_OK) == 0 { return .note("\(hook): \(owner) is run first, from '\(kept)'") }
        return .note("\(hook): '\(kept)' is not executable, so it is not run", hint: "chmod +x '\(kept)'")
    }

    private func wishes() -> [Finding] {
        guard let skips = environment["BIM_SKIP"], !skips.isEmpty else { return [] }
        return [.note("BIM_SKIP leaves out: \(skips)", hint: "unset BIM_SKIP")]
    }
}
