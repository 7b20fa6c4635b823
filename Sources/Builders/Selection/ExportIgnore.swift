/// Says which paths `git archive` would leave out, by the `.gitattributes` files of the commit alone.
///
/// `.git/info/attributes` and `core.attributesFile` have no say: they differ from machine to machine.
struct ExportIgnore {
    private static let name = "export-ignore"

    /// The files from the root to the folder at hand, with the lengths of the folders' paths.
    private var files: [(file: AttributeFile, depth: Int)] = []
    private var macros: [String: AttributeFile.States] = [:]

    /// The rules within a folder that has a `.gitattributes` of its own; nil when that changes nothing.
    ///
    /// `folder` is empty for the root.
    func entering(_ folder: [UInt8], file: [UInt8]) -> ExportIgnore? {
        // Without a macro a file must name the attribute to have a say.
        guard !macros.isEmpty || file.firstRange(of: Array(Self.name.utf8)) != nil else { return nil }
        var inner = self
        let file = AttributeFile(file)
        // git takes macros from the root alone.
        if folder.isEmpty { inner.macros = file.macros }
        inner.files.append((file, folder.isEmpty ? 0 : folder.count + 1))
        return inner
    }

    /// Whether the path is left out, with all that lies below it.
    func isIgnored(_ path: [UInt8], isFolder: Bool) -> Bool {
        var decided: [String: AttributeFile.State] = [:]
        for (file, depth) in files.reversed() {
            for states in file.states(for: path[depth...], isFolder: isFolder) { settle(states, &decided) }
            if decided[Self.name] != nil { break }
        }
        return decided[Self.name] == .set
    }

    /// What is said first counts; an attribute that is set brings what its macro stands for.
    private func settle(_ states: AttributeFile.States, _ decided: inout [String: AttributeFile.State]) {
        for (name, state) in states.reversed() where decided[name] == nil {
            decided[name] = state
            if state == .set, let macro = macros[name] { settle(macro, &decided) }
        }
    }
}
