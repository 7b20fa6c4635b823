extension DetectedBuild {
    private static let preferred = ["server", "app", "web", "main"]

    @Sendable static func swift(_ files: any FileListing) -> DetectedBuild? {
        guard let manifest = files.text("Package.swift"), !hasPrograms(files) else { return nil }
        let programs = programs(inManifest: manifest)
        guard let first = programs.first else { return nil }
        let main = programs.first { preferred.contains($0.lowercased()) } ?? first
        let built = programs.map { ShellQuoting.word(".build/release/\($0)") }.joined(separator: " ")
        let resources =
            "for bundle in .build/release/*.resources; do if [ -e \"$bundle\" ]; then cp -R \"$bundle\" \(Self.programs)/; fi; done"
        return DetectedBuild(
            evidence: "Package.swift",
            steps: [
                BuildStep(
                    // SwiftPM's own sandbox does not start inside another one.
                    "swift build -c release --static-swift-stdlib --disable-sandbox && install -D -t \(Self.programs) \(built) && \(resources)",
                    name: "swift build")
            ],
            tools: ["swift"], web: ShellQuoting.word("./\(Self.programs)/\(main)"))
    }

    /// The names of the executable targets and products, in the manifest's order.
    static func programs(inManifest manifest: String) -> [String] {
        var names: [String] = []
        for marker in [".executable(", ".executableTarget("] {
            var rest = manifest[...]
            while let range = rest.firstRange(of: marker) {
                rest = rest[range.upperBound...]
                let parts = rest.prefix(200).split(separator: "\"", maxSplits: 2, omittingEmptySubsequences: false)
                let label = parts.first?.filter { !$0.isWhitespace }
                if parts.count == 3, label == "name:", !names.contains(String(parts[1])) {
                    names.append(String(parts[1]))
                }
            }
            // A product has the name that its file gets; targets count where there is none.
            if !names.isEmpty { return names }
        }
        return names
    }
}
