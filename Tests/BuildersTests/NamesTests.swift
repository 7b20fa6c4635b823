import Artifacts
import Foundation
import Testing

@testable import Builders

/// Names and numbers of files that not every archive can hold.
struct NamesTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
    }

    /// Commits empty and small files by their names' bytes, without a file system in between.
    private func commit(_ script: String) throws {
        try Data(script.utf8).write(to: URL(fileURLWithPath: "\(workshop.folder)/make.py"))
        try workshop.run("git init -q -b main app; cd app; python3 ../make.py | git fast-import --quiet")
    }

    @Test("tar and bsdtar unpack what git archive's files are, whatever their names", arguments: ["tar", "bsdtar"])
    func odd(_ tool: String) async throws {
        try commit(
            """
            import sys
            out = sys.stdout.buffer
            names = [b"a", b"two\\nlines", b"tab\\there", b"\\xff\\xfe", b"d\\xe9j\\xe0/vu", b"quote\\"back\\\\slash", b" lead",
                     b"n" * 100, b"m" * 101, b"p" * 255, b"/".join([b"deep" * 30] * 4) + b"/x", b"/".join([b"d" * 200] * 9) + b"/y",
                     "ünïcode/文件".encode(), b"-rf", b"~", b"c:\\\\x", b"trailing "]
            out.write(b"commit refs/heads/main\\ncommitter a <a@b> 1 +0000\\ndata 1\\nx\\n")
            def quote(name): return b'"' + b"".join(b"\\\\%03o" % c for c in name) + b'"'
            for n, name in enumerate(names):
                data = b"%d" % n
                out.write(b"M 100644 inline " + quote(name) + b"\\ndata %d\\n" % len(data) + data + b"\\n")
            link = b"t" * 300
            out.write(b"M 120000 inline link\\ndata %d\\n" % len(link) + link + b"\\n")
            """)
        let artifact = try await workshop.build("app").artifact
        try workshop.run("mkdir -p ours theirs/app; git -C app archive HEAD | tar -x -C theirs/app")
        for layer in artifact.layers {
            let path = try await layer.file()
            try workshop.run("LC_ALL=C.UTF-8 \(tool) -xf '\(path)' -C ours")
        }
        try workshop.run("diff -r --no-dereference ours theirs")
        #expect(try workshop.run("find ours -type f -printf x | wc -c") == "17\n")
    }

    @Test("a hundred thousand files are a few dozen layers")
    func many() async throws {
        try commit(
            """
            import sys
            out = sys.stdout.buffer
            out.write(b"blob\\nmark :1\\ndata 3\\nabc\\n")
            out.write(b"commit refs/heads/main\\ncommitter a <a@b> 1 +0000\\ndata 1\\nx\\n")
            for n in range(100000): out.write(b"M 100644 :1 d%d/e%d/f%d\\n" % (n % 40, n // 40 % 50, n))
            """)
        let artifact = try await workshop.build("app").artifact
        #expect((20...64).contains(artifact.layers.count))
        var count = 0
        for layer in artifact.layers {
            let path = try await layer.file()
            let lines = try workshop.run("tar -tzf '\(path)' | grep -vc '/$'")
            count += try #require(Int(lines.dropLast()))
        }
        #expect(count == 100_000)
    }
}
