internal import ProcessRunner
package import ProjectConfig

/// Which way a commit is built, and why.
///
/// What `bim.yml` says decides; else a Dockerfile, a Dagger module or script, build steps that follow from the files,
/// and when there is none of these the own builder.
package struct BuilderChoice: Sendable, Equatable {
    package let kind: BuildSettings.Kind
    /// The reason in one phrase: `because the commit holds 'package-lock.json'`.
    package let why: String
    /// What is said to the pusher: `build steps, because the commit holds 'package-lock.json'`.
    package var reason: String { "\(kind.title), \(why)" }
    /// What the builder is told, with everything that was found filled in.
    package let settings: BuildSettings
    /// The build that the files asked for; nil where the project said its own, or needs none.
    package let detected: DetectedBuild?

    /// The file that the project names and the commit does not hold.
    package struct FileMissing: Error, Sendable, Equatable {
        package let path: String
        /// What may be written instead of it, in words.
        package let lookedFor: String
    }

    package static let dockerfiles = ["Dockerfile", "Containerfile"]
    package static let daggerModules = ["dagger.json", "dagger-module.toml"]
    package static let daggerScript = "dagger.py"

    /// - Throws: `FileMissing` when what was chosen needs a file that is not in the commit.
    package init(_ config: ProjectConfig, files: some FileListing) throws(FileMissing) {
        let found = Self.find(files)
        let kind = config.build.builder ?? found?.kind ?? .own
        let why = config.build.builder == nil ? found?.file : "bim.yml"
        var settings = config.build
        var detected: DetectedBuild?
        var subject: String?
        switch kind {
        case .own: break
        case .steps:
            if settings.steps.isEmpty {
                detected = DetectedBuild.find(in: files)
                guard let detected else {
                    throw FileMissing(
                        path: "build.steps",
                        lookedFor: "package.json, requirements.txt, go.mod, Cargo.toml, pom.xml, Package.swift")
                }
                settings.steps = detected.steps
                subject = detected.evidence
            }
        case .dockerfile:
            var dockerfile = settings.dockerfile ?? DockerfileSettings()
            dockerfile.file = dockerfile.file ?? Self.dockerfiles.first(where: files.exists)
            guard let file = dockerfile.file, files.exists(file) else {
                throw FileMissing(
                    path: dockerfile.file ?? "Dockerfile", lookedFor: Self.dockerfiles.joined(separator: ", "))
            }
            settings.dockerfile = dockerfile
            subject = file
        case .dagger:
            var dagger = settings.dagger ?? DaggerSettings()
            let hasModule = dagger.module != nil || Self.daggerModules.contains(where: files.exists)
            if dagger.script == nil, !hasModule { dagger.script = Self.daggerScript }
            if let script = dagger.script, !files.exists(script) {
                throw FileMissing(
                    path: script, lookedFor: (Self.daggerModules + [Self.daggerScript]).joined(separator: ", "))
            }
            settings.dagger = dagger
            subject = dagger.script ?? dagger.module ?? Self.daggerModules.first(where: files.exists)
        }
        self.kind = kind
        self.settings = settings
        self.detected = detected
        self.why = Self.sentence(subject: subject, why: why)
    }

    private static func find(_ files: some FileListing) -> (kind: BuildSettings.Kind, file: String)? {
        if let file = dockerfiles.first(where: files.exists) { return (.dockerfile, file) }
        if let file = (daggerModules + [daggerScript]).first(where: files.exists) { return (.dagger, file) }
        return DetectedBuild.find(in: files).map { (.steps, $0.evidence) }
    }

    private static func sentence(subject: String?, why: String?) -> String {
        switch (subject, why) {
        case (let subject?, "bim.yml"): "for '\(subject)', as bim.yml says"
        case (nil, "bim.yml"): "as bim.yml says"
        case (_, let file?): "because the commit holds '\(file)'"
        case (_, nil): "because nothing in the commit asks for another"
        }
    }

    /// Whether nothing but the usual is to be said.
    package var isUsual: Bool { kind == .own && settings.builder == nil }

    /// Whether the image says itself how it is run.
    package var bringsCommand: Bool { kind == .dockerfile || kind == .dagger }

    /// Whether the project's tests are part of the build.
    package var hasTests: Bool {
        switch kind {
        case .own: false
        case .steps: settings.steps.contains(where: \.isTest)
        case .dockerfile: settings.dockerfile?.test != nil
        case .dagger: settings.dagger?.test != nil
        }
    }

    /// Looks for the programs that the detected steps need.
    ///
    /// - Throws: `BuildFailure` with the first that is not on the `PATH`.
    package func checkTools(path: String?) throws(BuildFailure) {
        let missing = detected?.tools.first { ExecutableLookup.find($0, path: path) == nil }
        if let missing { throw BuildFailure(.toolMissing([missing])) }
    }
}

extension BuildSettings.Kind {
    /// What people call the builder.
    package var title: String {
        switch self {
        case .own: "own builder"
        case .steps: "build steps"
        case .dockerfile: "Dockerfile"
        case .dagger: "Dagger"
        }
    }
}
