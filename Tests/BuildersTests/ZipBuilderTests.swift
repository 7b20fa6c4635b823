import Artifacts
import Foundation
import Testing

@testable import Builders

/// The files of a commit as one ZIP.
struct ZipBuilderTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        try workshop.run(
            """
            git init -q -b main app && cd app; printf 'print(1)\\n' > app.py; printf '#!/bin/sh\\n' > run; chmod +x run
            ln -s app.py link; mkdir -p 'docs/a b'; printf 'ü' > 'docs/a b/ü.txt'; : > empty; head -c 100000 /dev/zero > zeros
            head -c 9000000 /dev/urandom > large; git add -A; git commit -qm one; rm large
            """)
    }

    private func build(usesCache: Bool = true, cache: String = "cache") async throws -> BuildResult {
        try await ZipBuilder(cache: try workshop.cache(cache))
            .build(try workshop.request("app", usesCache: usesCache)) { _ in }
    }

    @Test(
        "unzip, bsdtar and Python unpack what git archive's files are, with modes and links",
        arguments: ["unzip -q FILE", "bsdtar -xf FILE"])
    func peers(_ command: String) async throws {
        let zip = try #require(try await build().artifact.zip)
        let path = try await zip.file()
        try workshop.run("mkdir ours theirs; git -C app archive HEAD | tar -x -C theirs; cp '\(path)' file.zip")
        try workshop.run(
            "export LC_ALL=C.UTF-8; cd ours; \(command.replacingOccurrences(of: "FILE", with: "../file.zip")); cd ..; diff -r --no-dereference ours theirs"
        )
        #expect(
            try workshop.run("stat -c '%a %F' ours/run ours/app.py ours/link")
                == "755 regular file\n644 regular file\n777 symbolic link\n")
        #expect(try workshop.run("python3 -m zipfile -t file.zip").contains("Done"))
        #expect(try workshop.run("zipinfo -T file.zip 'app.py'").contains("19800101.000000"))
    }

    @Test("bim's own unpacker makes the same files again, and refuses another file")
    func unpack() async throws {
        let zip = try #require(try await build().artifact.zip)
        let path = try await zip.file()
        try workshop.run("mkdir out other; mkdir -p theirs/app; git -C app archive HEAD | tar -x -C theirs/app")
        try ZipUnpacker().unpack(path, zip.descriptor, into: "\(workshop.folder)/out")
        try workshop.run("diff -r --no-dereference out theirs; test -x out/app/run")
        var wrong = zip.descriptor
        wrong.digest = .sha256(of: [])
        #expect(throws: UnpackError.digestMismatch(expected: wrong.digest, actual: zip.descriptor.digest)) {
            try ZipUnpacker().unpack(path, wrong, into: "\(workshop.folder)/other")
        }
        #expect(throws: UnpackError.tooLarge(limit: 1000)) {
            try ZipUnpacker(maximumBytes: 1000).unpack(path, zip.descriptor, into: "\(workshop.folder)/other")
        }
    }

    @Test("the same tree is the same ZIP, found before it is built")
    func reproducible() async throws {
        let first = try await build()
        #expect(first.newLayers == 1)
        #expect(try await build().newLayers == 0)
        #expect(try await build(usesCache: false).artifact.digest == first.artifact.digest)
        #expect(try await build(cache: "other").artifact.digest == first.artifact.digest)
    }
}
