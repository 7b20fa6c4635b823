import ProjectConfig
import Testing

@testable import Builders

/// Which builder makes the artifact, and what is said of it.
struct BuilderChoiceTests {
    private struct Files: FileListing {
        let paths: [String: String]

        func text(_ path: String) -> String? { paths[path] }
        func exists(_ path: String) -> Bool { paths.keys.contains { $0 == path || $0.hasPrefix(path + "/") } }
        func names(in folder: String) -> [(name: String, isExecutable: Bool, isDirectory: Bool)] {
            folder.isEmpty ? paths.keys.map { ($0, false, false) } : []
        }
    }

    private func choose(_ yaml: String, _ paths: String...) throws -> BuilderChoice {
        let texts = ["requirements.txt": "bottle\n", "package.json": #"{"scripts":{"build":"x"}}"#]
        return try BuilderChoice(
            try ProjectConfig.parse(yaml),
            files: Files(paths: Dictionary(paths.map { ($0, texts[$0] ?? "") }) { first, _ in first }))
    }

    @Test("The order is Dockerfile, Dagger, build steps, own builder; the reason names the file")
    func order() throws {
        #expect(
            try choose("", "Dockerfile", "dagger.json", "requirements.txt").reason
                == "Dockerfile, because the commit holds 'Dockerfile'")
        #expect(try choose("", "Containerfile").settings.dockerfile?.file == "Containerfile")
        #expect(
            try choose("", "dagger.json", "requirements.txt").reason == "Dagger, because the commit holds 'dagger.json'"
        )
        #expect(try choose("", "dagger.py").settings.dagger?.script == "dagger.py")
        let steps = try choose("", "requirements.txt", "app.py")
        #expect(steps.reason == "build steps, because the commit holds 'requirements.txt'")
        #expect(steps.settings.steps.count == 1)
        let own = try choose("", "app.py")
        #expect(own.reason == "own builder, because nothing in the commit asks for another")
        #expect(own.isUsual)
    }

    @Test("What bim.yml says goes before what the commit holds")
    func said() throws {
        let own = try choose("build: {builder: own}", "Dockerfile")
        #expect(own.kind == .own)
        #expect(own.reason == "own builder, as bim.yml says")
        let steps = try choose("build: {steps: [make, {test: make check}]}", "Dockerfile")
        #expect(steps.kind == .steps)
        #expect(steps.detected == nil)
        #expect(steps.hasTests)
        let detected = try choose("build: {builder: steps}", "Dockerfile", "package.json")
        #expect(detected.reason == "build steps, for 'scripts.build in package.json', as bim.yml says")
        #expect(try choose("build: {dockerfile: {file: a.Dockerfile, test: t}}", "a.Dockerfile").hasTests)
    }

    @Test("What is chosen and not there is told with what may be there instead")
    func missing() {
        #expect(throws: BuilderChoice.FileMissing(path: "Dockerfile", lookedFor: "Dockerfile, Containerfile")) {
            try choose("build: {builder: dockerfile}", "app.py")
        }
        #expect(throws: BuilderChoice.FileMissing.self) { try choose("build: {dagger: {script: ci.py}}", "app.py") }
        #expect(throws: BuilderChoice.FileMissing.self) { try choose("build: {builder: steps}", "app.py") }
    }

    @Test("A program that detected steps need is looked for before anything runs")
    func tools() throws {
        let choice = try choose("", "package.json")
        let failure = #expect(throws: BuildFailure.self) { try choice.checkTools(path: "/nonexistent") }
        #expect(failure?.kind == .toolMissing(["node"]))
        try choose("build: {steps: [anything]}", "a").checkTools(path: "/nonexistent")
    }
}
