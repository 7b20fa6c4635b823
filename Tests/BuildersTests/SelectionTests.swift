import Artifacts
import Foundation
import Testing

@testable import Builders

/// Which files of a commit go into its artifact.
struct SelectionTests {
    private let workshop: Workshop
    private static let paths = [
        "a.txt", "a.md", "b/a.txt", "b/a.md", "b/c/a.txt", "b/c/d/e.txt", "docs/a.txt", "docs/x/y.txt", "x/docs/z.txt",
        "keep.md", "sub/keep.md", "sub/deep/one", "sub/deep/two", "we ird", "br[1]", "tail/", "T.TXT", "ümlaut",
    ].filter { !$0.hasSuffix("/") }

    init() throws {
        workshop = try Workshop()
        let script = Self.paths.map { "mkdir -p \"$(dirname '\($0)')\"; echo '\($0)' > '\($0)'" }
        try workshop.run("git init -q -b main app && cd app\n" + script.joined(separator: "\n"))
    }

    private func commit(_ files: [String: String]) throws {
        for (path, text) in files {
            try workshop.run("mkdir -p app/\(path.split(separator: "/").dropLast().joined(separator: "/"))")
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(workshop.folder)/app/\(path)"))
        }
        try workshop.run("cd app; git add -A; git commit -qm x")
    }

    @Test(
        "export-ignore leaves out what git archive leaves out",
        arguments: [
            ["*.md export-ignore"], ["docs export-ignore"], ["docs/ export-ignore"], ["/docs export-ignore"],
            ["b/*.txt export-ignore"], ["b/** export-ignore"], ["**/docs export-ignore"], ["b/**/e.txt export-ignore"],
            ["*.md export-ignore\nkeep.md -export-ignore"], ["*.md export-ignore\nkeep.md !export-ignore"],
            ["[attr]hidden export-ignore\na.* hidden"], ["[attr]hidden export-ignore\na.* hidden\na.md -hidden"],
            ["\"we ird\" export-ignore"], ["br\\[1\\] export-ignore"], ["?.txt export-ignore"],
            ["[!a].txt export-ignore"], ["*.txt export-ignore=yes"], ["*.txt text export-ignore -diff"],
            ["# *.txt export-ignore", "  a.md\texport-ignore"], ["*.md export-ignore\n*.md -export-ignore"],
            ["!*.md export-ignore"], ["\"\\303\\274mlaut\" export-ignore"], ["sub/* export-ignore"],
            ["sub/deep/* export-ignore"], ["[a-c].txt export-ignore"], ["*T export-ignore"], ["b/c/ export-ignore"],
        ])
    func exportIgnore(_ lines: [String]) async throws {
        try commit([".gitattributes": lines.joined(separator: "\n") + "\n"])
        try await compare()
    }

    @Test("a .gitattributes file deeper down has the last word, and only the commit's own files have one")
    func deeper() async throws {
        try commit([
            ".gitattributes": "*.md export-ignore\nsub/deep export-ignore\n",
            "sub/.gitattributes": "keep.md -export-ignore\n",
            "b/.gitattributes": "a.txt export-ignore\n",
        ])
        try await compare()
        let digest = try await workshop.build("app").artifact.digest
        try workshop.run("cd app; mkdir -p .git/info; echo '* export-ignore' > .git/info/attributes")
        #expect(try await workshop.build("app", cache: "other").artifact.digest == digest)
    }

    private func compare() async throws {
        let archive = try workshop.run(
            "cd app; git archive HEAD | tar --quoting-style=escape -t | grep -v '/$' | LC_ALL=C sort")
        let expected = archive.split(separator: "\n").map(String.init)
        #expect(try await workshop.files(workshop.build("app").artifact) == expected.sorted())
    }

    @Test(
        ".dockerignore and bim.yml leave out by Docker's rules",
        arguments: [
            (["*.md"], ["b/a.md", "sub/keep.md"], ["a.md", "keep.md"]),
            (["**/*.md", "!sub/keep.md"], ["sub/keep.md"], ["a.md", "b/a.md", "keep.md"]),
            (
                ["# comment", "", "/docs/", "b/c"], ["x/docs/z.txt", "b/a.txt"],
                ["docs/a.txt", "docs/x/y.txt", "b/c/d/e.txt"]
            ),
            (["sub", "!sub/deep/one"], ["sub/deep/one"], ["sub/deep/two", "sub/keep.md"]),
            (["*", "!b/**"], ["b/a.txt", "b/c/d/e.txt"], ["a.txt", "docs/a.txt"]),
            (["./b/../docs"], ["a.txt"], ["docs/a.txt"]), (["  a.txt  "], ["b/a.txt"], ["a.txt"]),
            (["!a.txt", "a.*"], ["b/a.md"], ["a.txt"]),
        ] as [([String], [String], [String])])
    func ignored(_ lines: [String], kept: [String], left: [String]) async throws {
        try commit([".dockerignore": lines.joined(separator: "\n") + "\n"])
        let files = Set(try await workshop.files(workshop.build("app").artifact))
        for path in kept { #expect(files.contains(path), "\(path)") }
        for path in left { #expect(!files.contains(path), "\(path)") }
        try workshop.run("cd app; git rm -q .dockerignore; git commit -qm y")
        let patterns = lines.filter { !$0.hasPrefix("#") && !$0.isEmpty }
        #expect(
            Set(try await workshop.files(workshop.build("app", exclude: patterns).artifact)).union([".dockerignore"])
                == files.union([".dockerignore"]))
    }

    @Test("what lies in the folder and not in the commit has no say")
    func uncommitted() async throws {
        try commit([:])
        let digest = try await workshop.build("app").artifact.digest
        try workshop.run(
            "cd app; echo '*' > .dockerignore; echo '* export-ignore' > .gitattributes; echo 1 > new; rm a.md")
        #expect(try await workshop.build("app", cache: "other").artifact.digest == digest)
    }

    @Test("a pattern of many stars is decided at once")
    func stars() {
        let glob = Glob(Array(String(repeating: "*a", count: 40) + "b").map { $0.asciiValue ?? 0 })
        #expect(!glob.matches([UInt8](repeating: UInt8(ascii: "a"), count: 4000)))
    }
}
