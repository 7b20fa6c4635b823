internal import FoundationEssentials

/// A project's own tests, for projects whose `bim.yml` names no checks.
package enum TestCommand {
    /// Returns the first test command that the files speak of, and the file that told it; nil when there is none.
    package static func detect(in files: some FileListing) -> (check: Check, evidence: String)? {
        for (evidence, command) in candidates {
            if let command = command(files) { return (Check(name: "tests", run: command), evidence) }
        }
        return nil
    }

    /// Whether a command is a tool's own way to test, rather than a text that a project wrote.
    package static func isCommon(_ command: String) -> Bool {
        ["swift test", "npm test", "pytest", "go test ./...", "cargo test", "mvn test", "make test"].contains(command)
    }

    /// What is looked for, in order.
    package static var looksFor: [String] { candidates.map(\.evidence) }

    private static let candidates: [(evidence: String, command: @Sendable (any FileListing) -> String?)] = [
        ("Package.swift", { $0.exists("Package.swift") && $0.exists("Tests") ? "swift test" : nil }),
        ("scripts.test in package.json", { npmTest($0.text("package.json")) }),
        ("pytest", pytest),
        ("go.mod", { $0.exists("go.mod") ? "go test ./..." : nil }),
        ("Cargo.toml", { $0.exists("Cargo.toml") ? "cargo test" : nil }),
        ("pom.xml", { $0.exists("pom.xml") ? "mvn test" : nil }),
        ("test: in Makefile", { makeTest($0) }),
        ("scripts.test in app.json", { script("test", inJSON: $0.text("app.json")) }),
    ]

    /// npm's own placeholder for “no tests” fails by design.
    private static func npmTest(_ manifest: String?) -> String? {
        guard let script = script("test", inJSON: manifest), !script.contains("no test specified") else { return nil }
        return "npm test"
    }

    @Sendable private static func pytest(_ files: any FileListing) -> String? {
        let isConfigured =
            files.exists("pytest.ini") || files.exists("conftest.py") || files.exists("tests/conftest.py")
            || files.text("pyproject.toml")?.contains("[tool.pytest") == true
            || files.text("setup.cfg")?.contains("[tool:pytest]") == true
        let hasTests = ["", "tests", "test"].contains { folder in
            files.names(in: folder).contains { isPytestFile($0.name) && !$0.isDirectory }
        }
        return isConfigured || hasTests ? "pytest" : nil
    }

    private static func isPytestFile(_ name: String) -> Bool {
        name.hasSuffix(".py") && (name.hasPrefix("test_") || name.hasSuffix("_test.py"))
    }

    private static func makeTest(_ files: any FileListing) -> String? {
        let makefile = ["GNUmakefile", "makefile", "Makefile"].lazy.compactMap { files.text($0) }.first
        let hasTarget = makefile?.split(whereSeparator: \.isNewline).contains { line in
            let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            return parts.count == 2 && !line.hasPrefix("\t") && !parts[1].hasPrefix("=")
                && parts[0].split(separator: " ").contains("test")
        }
        return hasTarget == true ? "make test" : nil
    }

    private static func script(_ name: String, inJSON text: String?) -> String? {
        guard let text, let manifest = try? JSONDecoder().decode(Manifest.self, from: Data(text.utf8)) else {
            return nil
        }
        return manifest.scripts[name]?.text.flatMap { $0.allSatisfy(\.isWhitespace) ? nil : $0 }
    }

    private struct Manifest: Decodable {
        let scripts: [String: Script]
    }

    /// A script's command; a value of another type counts as none.
    private struct Script: Decodable {
        let text: String?

        init(from decoder: any Decoder) throws {
            text = try? decoder.singleValueContainer().decode(String.self)
        }
    }
}
