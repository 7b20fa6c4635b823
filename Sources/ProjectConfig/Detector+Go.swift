extension Detector {
    static let go = Detector(name: "Go", looksFor: ["go.mod"]) { files in
        guard let manifest = files.text("go.mod") else { return nil }
        let binary = programName(goModule: manifest).map { "bin/\($0)" }
        if let binary, files.executables(in: "bin").contains(binary) {
            return Finding(command: ShellQuoting.word("./\(binary)"), evidence: binary)
        }
        return Finding(command: "go run .", evidence: "go.mod")
    }

    /// The name that `go build` gives the program: the module path's last part that is no major version.
    static func programName(goModule manifest: String) -> String? {
        for line in manifest.split(whereSeparator: \.isNewline) {
            let words = line.split(whereSeparator: \.isWhitespace)
            guard words.count > 1, words[0] == "module" else { continue }
            let path = words[1].filter { $0 != "\"" && $0 != "`" }
            return path.split(separator: "/").last { !isMajorVersion($0) }.map(String.init)
        }
        return nil
    }

    private static func isMajorVersion(_ part: Substring) -> Bool {
        part.first == "v" && part.count > 1 && part.dropFirst().allSatisfy { ("0"..."9").contains($0) }
    }
}
