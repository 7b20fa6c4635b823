import Testing

@Suite("This repository keeps its architecture")
struct RepositoryTests {
    let checkout = Checkout()
    let layers: [Layer]
    let manifest: Manifest

    init() throws {
        layers = try #require(Layer.all(in: checkout.text("ARCHITECTURE.md")))
        manifest = Manifest(try checkout.text("Package.swift"))
    }

    @Test("The table, the manifest and the folders name the same targets")
    func names() throws {
        #expect(manifest.unreadable == [])
        let declared = Set(manifest.targets.keys)
        let described = Rules.same(Set(layers.map(\.name)), in: "ARCHITECTURE.md", declared, in: "Package.swift")
        #expect(described == [])
        let present = Rules.same(try checkout.folders(in: "Sources"), in: "Sources", declared, in: "Package.swift")
        #expect(present == [])
    }

    @Test("Every folder of tests is a target, so that no test is forgotten")
    func testFolders() throws {
        // `TestPeers` has no tests: it is what several targets of tests start other programs with.
        let folders = try checkout.swiftFolders(in: "Tests").subtracting(["TestPeers"])
        let violations = Rules.same(folders, in: "Tests", manifest.tests, in: "Package.swift")
        #expect(violations == [])
    }

    @Test("A target imports only what is below it and what its row names")
    func layering() throws {
        let sources = try checkout.sources()
        #expect(!sources.isEmpty)
        let violations =
            Rules.levels(of: layers) + Rules.dependencies(of: manifest, layers: layers)
            + Rules.imports(of: sources, manifest: manifest, layers: layers)
        #expect(violations == [])
    }

    @Test("Only GitCore is public")
    func visibility() throws {
        let violations = Rules.visibility(of: try checkout.sources())
        #expect(violations == [])
    }

    @Test("docs/errors.md explains every error code, with its exit status")
    func errorCodes() throws {
        let defined = ErrorCodes.defined(in: try checkout.text("Sources/Diagnostics/ErrorCode.swift"))
        let documented = try #require(ErrorCodes.documented(in: checkout.text("docs/errors.md")))
        #expect(!defined.isEmpty)
        let violations = Rules.errorCodes(defined: defined, documented: documented)
        #expect(violations == [])
    }
}
