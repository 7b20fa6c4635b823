import Artifacts
import Foundation
import GitCore
import Synchronization
import Testing

@testable import Builders

/// What was built is found before it is built.
struct CacheTests {
    private let workshop: Workshop

    init() throws {
        workshop = try Workshop()
        try workshop.run(
            """
            git init -q -b main app && cd app; for i in 1 2 3 4 5 6; do mkdir d$i; head -c 600000 /dev/urandom > d$i/f; done
            git add -A; git commit -qm one
            """)
    }

    private var folder: String { "\(workshop.folder)/cache/bim/layers" }

    private func files(_ suffix: String) throws -> [String] {
        try FileManager.default.contentsOfDirectory(atPath: folder).filter { $0.hasSuffix(suffix) }.sorted()
    }

    @Test("A change of one file makes one layer, and the others are not read: their blobs may be damaged")
    func oneFile() async throws {
        let first = try await workshop.build("app")
        try workshop.run(
            """
            cd app; echo x >> d3/f; git commit -qam two
            for i in 1 2 4 5 6; do
                id=$(git rev-parse HEAD:d$i/f); file=.git/objects/$(echo $id | cut -c1-2)/$(echo $id | cut -c3-)
                chmod u+w $file; truncate -s 100 $file
            done
            """)
        let second = try await workshop.build("app")
        #expect(first.newLayers == first.artifact.layers.count)
        #expect(second.newLayers == 1)
        #expect(second.artifact.layers.count == first.artifact.layers.count)
    }

    @Test("A folder that has not changed is not looked into: its tree may be damaged")
    func folders() async throws {
        try workshop.run(
            """
            git init -q -b main small; cd small; for i in $(seq 20); do mkdir d$i; head -c 60000 /dev/urandom > d$i/f; done
            git add -A; git commit -qm one
            """)
        let first = try await workshop.build("small")
        try workshop.run(
            """
            cd small; echo x >> d3/f; git commit -qam two
            for i in 1 2 4 5 6 10 11 19 20; do
                id=$(git rev-parse HEAD:d$i); file=.git/objects/$(echo $id | cut -c1-2)/$(echo $id | cut -c3-)
                chmod u+w $file; truncate -s 10 $file
            done
            """)
        let maker = LayerMaker(try workshop.request("small"), cache: try workshop.cache(), maximumLayers: 64)
        #expect(try await maker.outline().layers.count == first.artifact.layers.count)
        await #expect(throws: GitError.self) { try await workshop.build("small", cache: "other") }
    }

    @Test("What is remembered of folders holds for the rules that it was found with")
    func rules() async throws {
        try workshop.run("cd app; mkdir -p d1/e d2/e; echo 1 > d1/e/x; echo 2 > d2/e/x; git add -A; git commit -qm two")
        _ = try await workshop.build("app")
        for change in [
            "echo d1/e > .dockerignore", "echo 'x export-ignore' > .gitattributes", "echo '!d1/e/x' >> .dockerignore",
            "mkdir d2/e/y; echo 'x export-ignore' > d2/.gitattributes; echo > .gitattributes",
        ] {
            try workshop.run("cd app; \(change); git add -A; git commit -qm change")
            let digest = try await workshop.build("app").artifact.digest
            try workshop.run("rm -rf other")
            #expect(try await workshop.build("app", cache: "other").artifact.digest == digest, "\(change)")
        }
        #expect(
            try await workshop.build("app", exclude: ["d1"]).artifact.digest
                == workshop.build("app", cache: "third", exclude: ["d1"]).artifact.digest)
    }

    @Test("A layer is handed over when it is made, and one that was found is not")
    func events() async throws {
        let handed = Mutex<[Digest]>([])
        func build() async throws -> BuildResult {
            try await OwnBuilder(cache: try workshop.cache()).build(workshop.request("app")) { event in
                if case .layer(let layer) = event { handed.withLock { $0.append(layer.descriptor.digest) } }
            }
        }
        let first = try await build().artifact.layers.map(\.descriptor.digest)
        #expect(Set(handed.withLock { $0 }) == Set(first))
        #expect(handed.withLock { $0.count } == first.count)
        handed.withLock { $0 = [] }
        try workshop.run("cd app; echo x >> d3/f; git commit -qam two")
        let second = try await build().artifact.layers.map(\.descriptor.digest)
        #expect(Set(handed.withLock { $0 }) == Set(second).subtracting(first))
        #expect(handed.withLock { $0.count } == 1)
    }

    @Test("The same tree is not read again: git need not have it any more")
    func sameTree() async throws {
        let digest = try await workshop.build("app").artifact.digest
        let request = try workshop.request("app")
        try workshop.run("rm -rf app/.git/objects/??")
        let again = try await workshop.build(request)
        #expect(again.artifact.digest == digest)
        #expect(again.newLayers == 0)
    }

    @Test("A cache that is wrong is found out by a build without it, and set right")
    func noCache() async throws {
        let right = try await workshop.build("app").artifact
        let victim = try #require(try files(".key").first)
        let wrong = LayerCache.Entry(
            descriptor: Descriptor(mediaType: MediaType.layerGzip, digest: .sha256(of: [1]), size: 1),
            diffID: .sha256(of: [2]))
        try Data(try CanonicalJSON.encode(wrong)).write(to: URL(fileURLWithPath: "\(folder)/\(victim)"))
        for build in try files(".build") { try FileManager.default.removeItem(atPath: "\(folder)/\(build)") }
        #expect(try await workshop.build("app").artifact.digest != right.digest)
        let verified = try await workshop.build(workshop.request("app", usesCache: false))
        #expect(verified.artifact.digest == right.digest)
        #expect(verified.newLayers == right.layers.count)
        #expect(verified.notices.count { $0.hasPrefix("the cache held sha256:") } == 1)
        #expect(try await workshop.build("app").artifact.digest == right.digest)
    }

    @Test("A wrong key is found out when its file has to be made")
    func untrue() async throws {
        _ = try await workshop.build("app")
        let victim = try #require(try files(".key").first)
        let wrong = LayerCache.Entry(
            descriptor: Descriptor(mediaType: MediaType.layerGzip, digest: .sha256(of: [1]), size: 1),
            diffID: .sha256(of: [2]))
        try Data(try CanonicalJSON.encode(wrong)).write(to: URL(fileURLWithPath: "\(folder)/\(victim)"))
        for build in try files(".build") { try FileManager.default.removeItem(atPath: "\(folder)/\(build)") }
        let lying = try await workshop.build("app").artifact
        let layer = try #require(lying.layers.first { $0.descriptor.digest == .sha256(of: [1]) })
        await #expect(throws: LayerCache.Untrue.self) { try await layer.file() }
    }

    @Test(
        "Deleting the folder, or any file of it, costs a build and nothing else",
        arguments: [".layer", ".key", ".build", ".trees", ""])
    func deleted(_ suffix: String) async throws {
        let first = try await workshop.build("app").artifact
        for file in try files(suffix) { try FileManager.default.removeItem(atPath: "\(folder)/\(file)") }
        let again = try await workshop.build("app").artifact
        #expect(again.digest == first.digest)
        for layer in again.layers {
            let bytes = try #require(FileManager.default.contents(atPath: try await layer.file()))
            #expect(Digest.sha256(of: bytes) == layer.descriptor.digest)
        }
    }

    @Test("The limit is kept: what was not used for longest goes")
    func limit() async throws {
        let cache = try workshop.cache(limit: 1_500_000)
        _ = try await workshop.build(workshop.request("app"), cache: cache)
        let size = try files("").reduce(0) { sum, name in
            let size = try FileManager.default.attributesOfItem(atPath: "\(folder)/\(name)")[.size] as? Int
            return sum + (size ?? 0)
        }
        #expect(size <= 1_500_000)
    }

    @Test("Builds at the same time share a folder that others empty")
    func parallel() async throws {
        let expected = try await workshop.build("app", cache: "other").artifact.digest
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let artifact = try await workshop.build("app").artifact
                    #expect(artifact.digest == expected)
                    for layer in artifact.layers { _ = try await layer.file() }
                }
                group.addTask { try workshop.cache(limit: 1_000_000).prune() }
            }
            try await group.waitForAll()
        }
        #expect(try files("").allSatisfy { !$0.hasPrefix("partial-") })
    }
}
