/// The build of an app whose files say what it takes, for projects whose `bim.yml` does not.
package struct DetectedBuild: Sendable, Equatable {
    /// The file that told it.
    package var evidence: String

    /// The commands, in order.
    package var steps: [BuildStep]

    /// The programs that the commands need.
    package var tools: [String]

    /// Variables that the finished app needs.
    package var environment: [String: String] = [:]

    /// The command of the process type `web`, where the build decides it.
    package var web: String?

    /// Where programs that a build makes are put, so that the caches of compilers stay out of the artifact.
    static let programs = "bin"

    /// Returns the build of the first kind of app that the files speak of; nil when there is nothing to build.
    package static func find(in files: some FileListing) -> DetectedBuild? {
        finders.lazy.compactMap { $0(files) }.first
    }

    private static let finders: [@Sendable (any FileListing) -> DetectedBuild?] = [
        node, python, go, rust, maven, swift,
    ]

    /// Whether the commit brings the programs that a build would make.
    static func hasPrograms(_ files: any FileListing) -> Bool { !files.executables(in: programs).isEmpty }
}

extension DetectedBuild {
    @Sendable static func go(_ files: any FileListing) -> DetectedBuild? {
        guard let manifest = files.text("go.mod"), !hasPrograms(files) else { return nil }
        let isAtRoot = files.names(in: "").contains { $0.name.hasSuffix(".go") && !$0.name.hasSuffix("_test.go") }
        let commands = files.names(in: "cmd").filter(\.isDirectory).map(\.name).sorted()
        guard isAtRoot || !commands.isEmpty else { return nil }
        let name = isAtRoot ? Detector.programName(goModule: manifest) ?? "app" : commands[0]
        let package = isAtRoot ? "." : "./cmd/\(name)"
        let target = ShellQuoting.word("\(programs)/\(name)")
        return DetectedBuild(
            evidence: "go.mod",
            // What the machine and the folder are called is kept out of the program.
            steps: [
                BuildStep(
                    "go build -trimpath -buildvcs=false -o \(target) \(ShellQuoting.word(package))", name: "go build")
            ],
            tools: ["go"], web: ShellQuoting.word("./\(programs)/\(name)"))
    }

    @Sendable static func rust(_ files: any FileListing) -> DetectedBuild? {
        guard let manifest = files.text("Cargo.toml"), !hasPrograms(files),
            let name = value(of: "name", in: "package", ofTOML: manifest)
        else { return nil }
        let locked = files.exists("Cargo.lock") ? " --locked" : ""
        let program = ShellQuoting.word("target/release/\(name)")
        return DetectedBuild(
            evidence: "Cargo.toml",
            steps: [
                BuildStep("cargo build --release\(locked) && install -D -t \(programs) \(program)", name: "cargo build")
            ],
            tools: ["cargo"], web: ShellQuoting.word("./\(programs)/\(name)"))
    }

    @Sendable static func maven(_ files: any FileListing) -> DetectedBuild? {
        guard files.exists("pom.xml"), !files.exists("app.jar") else { return nil }
        let hasWrapper = files.executables(in: "").contains("mvnw")
        let maven = hasWrapper ? "./mvnw" : "mvn"
        // The one that runs is the largest: it holds what it needs.
        let copy = "cp \"$(ls -S target/*.jar | grep -v -e -sources.jar -e -javadoc.jar | head -n 1)\" app.jar"
        return DetectedBuild(
            evidence: "pom.xml",
            steps: [
                BuildStep(
                    "\(maven) --batch-mode -Dproject.build.outputTimestamp=1980-01-01T00:00:02Z -DskipTests package && \(copy)",
                    name: "mvn package")
            ],
            tools: hasWrapper ? ["java"] : ["mvn"], web: "exec java -jar app.jar")
    }

    /// The text of a key in a table of a TOML file, as far as manifests write it: `name = "api"` on a line of its own.
    static func value(of key: String, in table: String, ofTOML text: String) -> String? {
        var isInside = false
        for line in text.split(whereSeparator: \.isNewline) {
            let line = line.drop(while: \.isWhitespace)
            if line.hasPrefix("[") { isInside = line.hasPrefix("[\(table)]") }
            guard isInside, line.hasPrefix(key) else { continue }
            let rest = line.dropFirst(key.count).drop(while: \.isWhitespace)
            guard rest.hasPrefix("=") else { continue }
            let parts = rest.split(separator: "\"", omittingEmptySubsequences: false)
            return parts.count > 2 ? String(parts[1]) : nil
        }
        return nil
    }
}
