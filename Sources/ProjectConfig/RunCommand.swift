/// What to start for a release, and who said so.
package struct RunPlan: Sendable, Equatable {
    /// The process types to start; none where the image says itself what `web` is.
    package var processes: [ProcessType]

    /// The command that runs once before them.
    package var releaseCommand: String?

    /// `bim.yml`, `Procfile`, `detected: app.py`, or `the image`.
    package var origin: String

    /// Makes a plan.
    package init(processes: [ProcessType], releaseCommand: String? = nil, origin: String) {
        self.processes = processes
        self.releaseCommand = releaseCommand
        self.origin = origin
    }
}

/// Finds out how an app is started.
package enum RunCommand {
    /// Returns the process types of the configuration, else of the `Procfile`, else what the first ``Detector`` finds.
    ///
    /// A `release:` line of a `Procfile` is the release command unless the configuration has one or names process types
    /// itself. A `Procfile` that names no other process type leaves the rest to detection.
    ///
    /// - Parameter build: decides the command before detection does, where it makes what is run.
    package static func resolve(
        config: ProjectConfig, files: some FileListing, build: DetectedBuild? = nil
    ) throws(NoRunCommand) -> RunPlan {
        var plan = try declared(config: config, files: files)
        if !plan.processes.isEmpty { return plan }
        var found = build.flatMap { build in
            build.web.map { Detector.Finding(command: $0, evidence: build.evidence) }
        }
        found = found ?? Detector.all.lazy.compactMap { $0.find(files) }.first
        guard let found else {
            throw NoRunCommand(lookedFor: ["'processes' in bim.yml", "Procfile"] + Detector.all.flatMap(\.looksFor))
        }
        plan.processes = [ProcessType(name: "web", command: found.command)]
        plan.origin = "detected: \(found.evidence)"
        return plan
    }

    /// Returns what the configuration and the `Procfile` say; no process types where they leave them to the image.
    package static func declared(config: ProjectConfig, files: some FileListing) throws(NoRunCommand) -> RunPlan {
        if !config.processes.isEmpty {
            return RunPlan(processes: config.processes, releaseCommand: config.releaseCommand, origin: "bim.yml")
        }
        let lines = try procfile(in: files)
        let processes = lines.filter { $0.name != "release" }
        let releaseCommand = config.releaseCommand ?? lines.first { $0.name == "release" }?.command
        return RunPlan(
            processes: processes, releaseCommand: releaseCommand, origin: processes.isEmpty ? "the image" : "Procfile")
    }

    private static func procfile(in files: some FileListing) throws(NoRunCommand) -> [ProcessType] {
        guard files.exists("Procfile") else { return [] }
        guard let text = files.text("Procfile") else {
            throw NoRunCommand(procfile: ConfigError(file: "Procfile", problem: "cannot read the file as text"))
        }
        do {
            return try Procfile.parse(text)
        } catch {
            throw NoRunCommand(procfile: error)
        }
    }
}

/// Nothing says how the app is started.
package struct NoRunCommand: Error, Sendable, Equatable {
    /// Everything that was looked for, in order; empty when the `Procfile` is broken.
    package var lookedFor: [String] = []

    /// What is wrong with the `Procfile`, where that is the reason.
    package var procfile: ConfigError?

    /// The reason in one phrase.
    package var message: String {
        procfile?.message ?? "\(shortMessage); looked for \(lookedFor.joined(separator: ", "))"
    }

    /// The same without what was looked for.
    package var shortMessage: String { procfile?.message ?? "nothing says how to start the app" }
}
