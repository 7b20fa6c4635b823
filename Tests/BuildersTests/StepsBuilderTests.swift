import Artifacts
import Foundation
import GitCore
import ProcessRunner
import ProjectConfig
import Synchronization
import Testing

@testable import Builders

/// What tells a test what a build said.
final class Story: Sendable {
    private let lines = Mutex<[String]>([])

    func hear(_ event: BuildEvent) {
        lines.withLock { lines in
            switch event {
            case .stepFinished(let text, _): lines.append(text)
            case .output(let line): lines.append("| \(line)")
            case .step, .layers, .layer: break
            }
        }
    }

    var told: [String] { lines.withLock { $0 } }
    func has(_ line: String) -> Bool { told.contains(line) }
}

/// A project's own commands, in a real sandbox.
@Suite(
    .enabled(
        if: ProcessInfo.processInfo.environment["CI"] == "true" || access("/usr/bin/bwrap", X_OK) == 0,
        "bubblewrap is not installed"))
struct StepsBuilderTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        try workshop.run(
            """
            git init -q -b main app && cd app
            printf 'one\\n' > a.txt; mkdir src; printf 'two\\n' > src/b.txt; printf 'dist\\n' > .dockerignore
            git add -A && git commit -qm one
            """)
    }

    /// Builds with steps; `cache` names the folder of all caches.
    private func build(
        _ yaml: String, _ repository: String = "app", cache: String = "cache", story: Story = Story(),
        usesCache: Bool = true, commit: CommitFacts? = nil
    ) async throws -> BuildResult {
        let request = try workshop.request(
            repository, try ProjectConfig.parse(yaml).image, commit: commit, cache: cache, usesCache: usesCache)
        return try await StepsBuilder(
            try ProjectConfig.parse(yaml).build, isClosed: true, packer: OwnBuilder(cache: try workshop.cache(cache))
        ).build(request, onEvent: story.hear)
    }

    @Test("What the steps make is in the artifact beside the commit's files; two clean folders give one digest")
    func reproducible() async throws {
        let yaml = """
            build:
              steps:
                - mkdir -p dist && tr a-z A-Z < a.txt > dist/a.txt && ln -s a.txt dist/link
                - printf '#!/bin/sh\\n' > dist/run && chmod 750 dist/run && rm src/b.txt && date +%N > .build-time && mkdir .build && touch .build/x && rm .build-time
            """
        let first = try await build(yaml)
        #expect(
            try await workshop.files(first.artifact) == [
                ".dockerignore", "a.txt", "dist/a.txt", "dist/link", "dist/run",
            ])
        let listing = try await workshop.listing(first.artifact)
        #expect(listing.contains { $0.hasPrefix("-rwxr-xr-x") && $0.hasSuffix("app/dist/run") })
        #expect(listing.contains { $0.hasSuffix("app/dist/link -> a.txt") })
        try workshop.run("git clone -q app other")
        let second = try await build(yaml, "other", cache: "cache-2")
        #expect(second.artifact.digest == first.artifact.digest)
        #expect(first.definition.buildType == "https://backend.im/build-steps/v1")
        #expect(first.definition.materials.count == 2)
    }

    @Test("An image of its commit names it, one of its tree does not")
    func commit() async throws {
        let facts = CommitFacts(revision: "0123", time: 1_900_000_000, source: "https://example.org/x", version: "v1")
        let steps = "build: { steps: [touch x] }\n"
        let plain = try await build(steps, commit: facts).artifact
        #expect(try CanonicalJSON.decode(ImageManifest.self, from: plain.manifest).annotations == nil)
        let named = try await build(steps + "image: { created: commit }\n", commit: facts).artifact
        let annotations = try CanonicalJSON.decode(ImageManifest.self, from: named.manifest).annotations
        #expect(annotations?["org.opencontainers.image.revision"] == "0123" && annotations?.count == 4)
    }

    @Test("Known steps are not run again; a step with inputs runs when they change, and those after it too")
    func known() async throws {
        let yaml = """
            build:
              steps:
                - {name: first, run: cat src/b.txt > first.txt, inputs: [src]}
                - {name: second, run: cat a.txt first.txt > second.txt}
            """
        let fresh = Story()
        let result = try await build(yaml, story: fresh)
        #expect(fresh.told == ["first", "second"])
        #expect(result.summary == "2 steps, 0 found")
        let again = Story()
        let same = try await build(yaml, story: again)
        #expect(again.told == ["first (found)", "second (found)"])
        #expect(same.artifact.digest == result.artifact.digest)
        #expect(same.summary == "2 steps, all found")
        try workshop.run("cd app && printf 'three\\n' > a.txt && git commit -qam two")
        let partly = Story()
        let changed = try await build(yaml, story: partly)
        #expect(partly.told == ["first (found)", "second"])
        #expect(changed.artifact.digest != result.artifact.digest)
        #expect(try await workshop.text("second.txt", in: changed.artifact) == "three\ntwo\n")
        let forced = Story()
        #expect(try await build(yaml, story: forced, usesCache: false).artifact.digest == changed.artifact.digest)
        #expect(forced.told == ["first", "second"])
    }

    @Test("Only what output names goes in; what it names must be there")
    func output() async throws {
        let made = try await build(
            "build: {steps: [mkdir -p dist/in target && touch dist/in/x target/y other], output: [dist, a.txt]}")
        #expect(try await workshop.files(made.artifact) == ["a.txt", "dist/in/x"])
        let failure = await #expect(throws: BuildFailure.self) {
            try await build("build: {steps: ['true'], output: [bundle]}")
        }
        #expect(failure?.kind == .noOutput("bundle"))
    }

    @Test("A step sees no home, no secret that is not its own, and no network where that is off")
    func closed() async throws {
        try workshop.run("mkdir -p .ssh && printf key > .ssh/id && printf 'from a file' > token")
        try workshop.run(
            "cd app && git config bim.secret.token ../token && git config bim.secret.token \"$HOME/token\"")
        let story = Story()
        _ = try await build(
            """
            build:
              secrets: [token]
              network: false
              environment: { WORD: own }
              steps:
                - "pwd; echo $HOME $WORD; ls -A $HOME; ls /root /home/*/.ssh 2>/dev/null; cat /run/secrets/token; echo; env | grep -c BIM_SECRET; tail -n +3 /proc/net/dev | cut -d: -f1"
            """, story: story)
        #expect(story.has("| /app"))
        #expect(story.has("| /home/build own"))
        #expect(story.has("| from a file"))
        #expect(story.has("| 0"))
        #expect(story.told.filter { $0.hasPrefix("| ") }.last?.hasSuffix("lo") == true, "\(story.told)")
        #expect(!story.told.contains { $0.contains("id") && $0.count < 6 })
        let failure = await #expect(throws: BuildFailure.self) {
            try await build("build: {secrets: [absent], steps: ['true']}")
        }
        #expect(failure?.kind == .secretMissing("absent"))
    }

    @Test("A step that fails ends the build with its status, its last lines and the log; nothing of it is remembered")
    func failing() async throws {
        let yaml =
            "build: {steps: [{name: good, run: touch good}, {name: bad, run: 'echo why >&2; exit 7'}, {name: never, run: touch never}]}"
        let failure = await #expect(throws: BuildFailure.self) { try await build(yaml) }
        #expect(failure?.kind == .command(step: "bad", status: .exited(7)))
        #expect(failure?.tail.last == "why")
        let log = try #require(failure?.log)
        #expect(try String(contentsOfFile: log, encoding: .utf8).contains("$ bad\nwhy\n"))
        let again = Story()
        _ = await #expect(throws: BuildFailure.self) { try await build(yaml, story: again) }
        #expect(again.told == ["good (found)", "| why"])
        let slow = await #expect(throws: BuildFailure.self) {
            try await build("build: {timeout: 1, steps: [sleep 60]}")
        }
        #expect(slow?.kind == .timedOut(step: "sleep 60", limit: .seconds(1), isTest: false))
    }

    @Test("A test writes nothing into the artifact, is passed once for the same files, and fails as a test")
    func tests() async throws {
        let yaml = "build: {steps: [touch made, {test: test -e made && touch dropped}]}"
        let result = try await build(yaml)
        #expect(result.ranTests)
        #expect(try await workshop.files(result.artifact) == [".dockerignore", "a.txt", "made", "src/b.txt"])
        let again = Story()
        _ = try await build(yaml, story: again)
        #expect(again.told.count == 2 && again.told.allSatisfy { $0.hasSuffix("(found)") })
        let failure = await #expect(throws: BuildFailure.self) { try await build("build: {steps: [{test: exit 3}]}") }
        #expect(failure?.kind == .test(step: "exit 3", status: .exited(3)))
    }

    @Test("What the cache of outputs has lost is made again; beyond its limit the oldest goes")
    func lost() async throws {
        let yaml = "build: {steps: [echo x > made]}"
        let first = try await build(yaml)
        let steps = "\(workshop.folder)/cache/bim/steps"
        for name in try FileManager.default.contentsOfDirectory(atPath: steps) where name.hasSuffix(".content") {
            try FileManager.default.removeItem(atPath: "\(steps)/\(name)")
        }
        let story = Story()
        #expect(try await build(yaml, story: story).artifact.digest == first.artifact.digest)
        #expect(story.told == ["echo x > made"])
        try OutputStore(environment: ["XDG_CACHE_HOME": "\(workshop.folder)/cache"], limit: 0).prune()
        #expect(try FileManager.default.contentsOfDirectory(atPath: steps) == [])
    }
}

/// Lines of tools that think they write to a terminal.
struct ConsoleTests {
    @Test(
        "Colors and overwritten states are left out",
        arguments: [
            ("plain", "plain"), ("\u{1B}[91mred\u{1B}[0m", "red"), ("1 kB\r2 kB\r\r", "2 kB"), ("\r", ""),
            ("\u{1B}", ""),
            ("a\u{1B}[1;", "a"),
        ])
    func plain(line: String, text: String) {
        #expect(BuildConsole.plain(line) == text)
    }
}
