extension Detector {
    private static let preferred = ["bin/server", "bin/start", "bin/web"]

    static let swift = Detector(name: "Swift", looksFor: ["Package.swift"]) { files in
        guard files.exists("Package.swift") else { return nil }
        let programs = files.executables(in: "bin")
        // Which of several programs serves is anybody's guess.
        let program = preferred.first(where: programs.contains) ?? (programs.count == 1 ? programs.first : nil)
        guard let program else { return Finding(command: "swift run -c release", evidence: "Package.swift") }
        return Finding(command: ShellQuoting.word("./\(program)"), evidence: program)
    }
}
