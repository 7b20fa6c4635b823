import Artifacts
import Foundation
import GitCore
import ProjectConfig
import Testing

@testable import Builders

/// One tree, one digest.
struct ReproducibleTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        try workshop.run(
            """
            git init -q -b main app && cd app
            printf 'one\\r\\ntwo\\n' > mixed.txt; printf '* text=auto\\n' > .gitattributes; mkdir -p 'a b' c
            head -c 300000 /dev/zero > c/zeros; ln -s ../../etc/passwd c/out; printf 'x' > 'a b/ü'; printf y > c/run
            chmod +x c/run; git add -A; git commit -qm one
            """)
    }

    @Test("folders, links and modes come out as git has them, and a link's target is left alone")
    func listing() async throws {
        let lines = try await workshop.listing(workshop.build("app").artifact)
        #expect(lines.contains("lrwxrwxrwx 0/0               0 1980-01-01 00:00:01 app/c/out -> ../../etc/passwd"))
        #expect(lines.contains("-rwxr-xr-x 0/0               1 1980-01-01 00:00:01 app/c/run"))
        #expect(lines.allSatisfy { $0.contains(" 0/0 ") && $0.contains("1980-01-01 00:00:01") })
    }

    @Test("clones of every kind, other time zones, umasks, locales and settings of git give one digest")
    func clones() async throws {
        let digest = try await workshop.build("app").artifact.digest
        try workshop.run(
            """
            export TZ=Asia/Kathmandu LC_ALL=tr_TR.UTF-8; umask 077
            git clone -q --depth 1 file://$PWD/app shallow; git clone -q --bare app bare; git clone -q -s app shared
            git clone -q -c core.autocrlf=true -c core.fileMode=false app crlf; git clone -q -c core.symlinks=false app links
            git -C app worktree add -q ../tree -b side; git clone -q app packed; git -C packed gc -q --aggressive
            git -C app config uploadpack.allowFilter true; git clone -q --filter=blob:none file://$PWD/app partial; git clone -q --sparse app sparse
            """)
        for clone in ["shallow", "bare", "shared", "crlf", "links", "tree", "packed", "partial", "sparse"] {
            #expect(try await workshop.build(clone, cache: "cache-\(clone)").artifact.digest == digest, "\(clone)")
        }
    }

    @Test("another time zone, umask and locale of the builder leave no trace, nor does the number of cores")
    func environment() async throws {
        let digest = try await workshop.build("app").artifact.digest.hex
        let folder = workshop.folder
        try Data(digest.utf8).write(to: URL(fileURLWithPath: "\(folder)/digest"))
        setenv("BIM_TEST_FOLDER", folder, 1)
        await #expect(processExitsWith: .success) {
            setenv("TZ", "Asia/Kathmandu", 1)
            setenv("LC_ALL", "tr_TR.UTF-8", 1)
            tzset()
            umask(0o077)
            let folder = String(cString: getenv("BIM_TEST_FOLDER"))
            let location = RepositoryLocation(
                environment: ["HOME": folder, "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin"],
                folder: folder + "/app")
            let tree = try location.open().commit(try location.open().resolve("HEAD")).tree
            let cache = try LayerCache(environment: ["XDG_CACHE_HOME": folder + "/elsewhere"])
            let result = try await OwnBuilder(cache: cache).build(
                BuildRequest(
                    repository: location, tree: tree, image: ImageSettings(), command: "python3 app.py",
                    platform: .init(os: "linux", architecture: "amd64"), base: nil)
            ) { _ in }
            let expected = try String(contentsOfFile: folder + "/digest", encoding: .utf8)
            exit(result.artifact.digest.hex == expected ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test(
        "another user's build gives the same digest", .enabled(if: getuid() == 0, "only root can become another user"))
    func user() async throws {
        let digest = try await workshop.build("app").artifact.digest.hex
        let folder = workshop.folder
        try workshop.run("mkdir other; cp -r app other/app; chown -R 65534:65534 other; chmod 755 .")
        try Data(digest.utf8).write(to: URL(fileURLWithPath: "\(folder)/digest"))
        setenv("BIM_TEST_FOLDER", folder, 1)
        await #expect(processExitsWith: .success) {
            let folder = String(cString: getenv("BIM_TEST_FOLDER"))
            let expected = try String(contentsOfFile: folder + "/digest", encoding: .utf8)
            guard setgroups(0, nil) == 0, setgid(65534) == 0, setuid(65534) == 0, getuid() == 65534 else { exit(2) }
            let location = RepositoryLocation(
                environment: ["HOME": folder + "/other", "GIT_CONFIG_NOSYSTEM": "1", "PATH": "/usr/bin:/bin"],
                folder: folder + "/other/app")
            let tree = try location.open().commit(try location.open().resolve("HEAD")).tree
            let cache = try LayerCache(environment: ["XDG_CACHE_HOME": folder + "/other/cache"])
            let result = try await OwnBuilder(cache: cache).build(
                BuildRequest(
                    repository: location, tree: tree, image: ImageSettings(), command: "python3 app.py",
                    platform: .init(os: "linux", architecture: "amd64"), base: nil)
            ) { _ in }
            exit(result.artifact.digest.hex == expected ? EXIT_SUCCESS : EXIT_FAILURE)
        }
    }

    @Test("layers of zstd are those of gzip in another dress, the same bytes from every cache")
    func zstd() async throws {
        var image = ImageSettings()
        image.compression = .zstd
        let plain = try await workshop.build("app").artifact
        let packed = try await workshop.build(workshop.request("app", image)).artifact
        let again = try await workshop.build(workshop.request("app", image), cache: try workshop.cache("other"))
            .artifact
        #expect(packed.digest == again.digest)
        #expect(packed.layers.allSatisfy { $0.descriptor.mediaType == MediaType.layerZstd })
        let (left, right) = try (
            CanonicalJSON.decode(ImageConfiguration.self, from: plain.configuration),
            CanonicalJSON.decode(ImageConfiguration.self, from: packed.configuration)
        )
        #expect(left.rootfs.diffIDs == right.rootfs.diffIDs)
    }

    @Test("a time that follows from the blob changes with the content alone")
    func blobTimes() async throws {
        var image = ImageSettings()
        image.blobTimes = ["c"]
        let first = try await workshop.listing(workshop.build(workshop.request("app", image)).artifact)
        let zeros = try #require(first.first { $0.hasSuffix("app/c/zeros") })
        #expect(!zeros.contains("1980-01-01 00:00:01"))
        #expect(first.contains { $0.hasSuffix("1980-01-01 00:00:01 app/mixed.txt") })
        try workshop.run("cd app; printf z > c/run; git commit -qam two")
        let second = try await workshop.listing(workshop.build(workshop.request("app", image)).artifact)
        #expect(second.contains(zeros))
        #expect(second.first { $0.hasSuffix("app/c/run") } != first.first { $0.hasSuffix("app/c/run") })
        let plain = try await workshop.build("app")
        #expect(try await workshop.listing(plain.artifact).allSatisfy { $0.contains("1980-01-01 00:00:01") })
    }

    @Test("blobs too large for memory go through git, to the bytes that small ones would give")
    func large() async throws {
        try workshop.run(
            """
            cd app; head -c 20000000 /dev/zero | tr '\\0' 'q' > big; cp big copy; git add -A; git commit -qm big
            """)
        let result = try await workshop.build("app")
        for layer in result.artifact.layers {
            let path = try await layer.file()
            try workshop.run("mkdir -p out; tar -C out -xzf '\(path)'")
        }
        try workshop.run("cmp app/big out/app/big; cmp app/copy out/app/copy; test ! -L out/app/big")
        let left = try FileManager.default.contentsOfDirectory(atPath: "\(workshop.folder)/cache/bim/layers")
        #expect(left.allSatisfy { !$0.hasPrefix("partial-") })
    }

    @Test("an image of its commit names it and is dated by it; one of its tree does neither")
    func commit() async throws {
        let facts = CommitFacts(revision: "0123", time: 1_900_000_000, source: "https://example.org/x", version: "v1")
        var image = ImageSettings()
        let plain = try await workshop.build(workshop.request("app", image, commit: facts)).artifact
        #expect(plain.digest == (try await workshop.build(workshop.request("app", image)).artifact.digest))
        image.isOfCommit = true
        image.labels = ["team": "a"]
        image.ports = [8080]
        image.entrypoint = ["/app/run", "x"]
        let named = try await workshop.build(workshop.request("app", image, commit: facts)).artifact
        let manifest = try CanonicalJSON.decode(ImageManifest.self, from: named.manifest)
        #expect(
            manifest.annotations == [
                "org.opencontainers.image.revision": "0123", "org.opencontainers.image.created": "2030-03-17T17:46:40Z",
                "org.opencontainers.image.source": "https://example.org/x", "org.opencontainers.image.version": "v1",
            ])
        let configuration = try CanonicalJSON.decode(ImageConfiguration.self, from: named.configuration)
        #expect(configuration.created == "2030-03-17T17:46:40Z")
        #expect(configuration.config?.entrypoint == ["/app/run", "x"])
        #expect(configuration.config?.command == nil)
        #expect(configuration.config?.labels?["team"] == "a")
        #expect(configuration.config?.exposedPorts?.keys.sorted() == ["8080/tcp"])
    }

    @Test("the layers of the base and the app's own fit what runtimes take")
    func layerLimit() async throws {
        try workshop.run(
            "cd app; for i in $(seq 60); do mkdir d$i; head -c 300000 /dev/urandom > d$i/f; done; git add -A; git commit -qm many"
        )
        let own = try await workshop.build("app").artifact.layers.count
        #expect(own > 10)
        let descriptor = Descriptor(mediaType: MediaType.layerGzip, digest: .sha256(of: []), size: 0)
        let platform = Platform(os: "linux", architecture: "amd64")
        let base = BaseImage(
            digest: .sha256(of: []), configuration: .init(platform: platform, diffIDs: []),
            layers: (0..<90).map { _ in .init(descriptor: descriptor, source: .file("/nonexistent")) })
        let whole = try await workshop.build(workshop.request("app", base: base)).artifact.layers.count
        #expect((91...96).contains(whole))
    }
}
