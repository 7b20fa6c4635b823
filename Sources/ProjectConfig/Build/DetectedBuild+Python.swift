extension DetectedBuild {
    /// Where Python's packages are put; a commit that has the folder brings them itself.
    private static let packages = "vendor"

    @Sendable static func python(_ files: any FileListing) -> DetectedBuild? {
        guard !files.exists(packages) else { return nil }
        let requirements = files.text("requirements.txt")
        let project = files.text("pyproject.toml")
        let source: String
        let evidence: String
        if let requirements, hasRequirement(requirements) {
            (source, evidence) = ("--requirement requirements.txt", "requirements.txt")
        } else if let project, project.contains("[project]"), project.contains("dependencies") {
            (source, evidence) = (".", "pyproject.toml")
        } else {
            return nil
        }
        // A list of names and versions reads nothing else of the commit.
        let isAlone =
            evidence == "requirements.txt" && !(requirements ?? "").contains("-r ") && !readsFiles(requirements)
        return DetectedBuild(
            evidence: evidence,
            steps: [
                BuildStep(
                    // Compiled files hold times, and are made again in no time.
                    "python3 -m pip install --no-compile --disable-pip-version-check --root-user-action=ignore "
                        + "--target \(packages) \(source)",
                    name: "pip install", inputs: isAlone ? [evidence] : [])
            ],
            tools: ["python3"],
            environment: [
                "PYTHONPATH": "/app/\(packages)",
                "PATH": "/app/\(packages)/bin:/usr/local/bin:/usr/bin:/bin",
            ])
    }

    private static func hasRequirement(_ text: String) -> Bool {
        text.split(whereSeparator: \.isNewline).contains { line in
            let line = line.drop(while: \.isWhitespace)
            return !line.isEmpty && !line.hasPrefix("#")
        }
    }

    /// Whether a line names a path, an option or another file.
    private static func readsFiles(_ text: String?) -> Bool {
        (text ?? "").split(whereSeparator: \.isNewline).contains { line in
            let line = line.drop(while: \.isWhitespace)
            return line.hasPrefix("-") || line.hasPrefix(".") || line.hasPrefix("/") || line.contains("file:")
        }
    }
}
