/// Says what an artifact was made from, as an in-toto statement with SLSA's provenance (slsa.dev/provenance/v1).
///
/// It holds nothing that differs between two builds of one commit: no times, no names of machines. It is uploaded as a
/// referrer and has no part in the artifact's digest.
package struct Provenance: Sendable {
    /// The media type of the statement.
    package static let mediaType = "application/vnd.in-toto+json"

    /// How an artifact is made: the kind of build, what it is told, and what goes in besides the commit.
    package struct Definition: Sendable, Equatable {
        /// A URI that names the builder and what its parameters mean.
        package var buildType: String
        /// What was asked for, such as `recipe`, the name of everything that decides bytes.
        package var parameters: [String: String]
        /// What went in besides the commit, by name: base images, the outputs of tools.
        package var materials: [String: Digest]

        package init(buildType: String, parameters: [String: String] = [:], materials: [String: Digest] = [:]) {
            self.buildType = buildType
            self.parameters = parameters
            self.materials = materials
        }

        /// What bim's own builder does.
        package static func ownBuilder(recipe: String, base: Digest?) -> Definition {
            Definition(
                buildType: "https://backend.im/own-builder/v1", parameters: ["recipe": recipe],
                materials: base.map { ["base": $0] } ?? [:])
        }
    }

    package var subject: Digest
    package var commit: String
    package var tree: String
    package var definition: Definition
    /// How the tests of the tree stood when it was built: `passed`, `skipped` or `none`.
    package var tests: String
    /// The program and its version.
    package var builder: String

    package init(
        subject: Digest, commit: String, tree: String, definition: Definition, tests: String, builder: String
    ) {
        self.subject = subject
        self.commit = commit
        self.tree = tree
        self.definition = definition
        self.tests = tests
        self.builder = builder
    }

    /// The statement, the same bytes every time.
    package func statement() throws -> [UInt8] {
        var materials = [
            Resource(name: "commit", digest: ["gitCommit": commit]), Resource(name: "tree", digest: ["gitTree": tree]),
        ]
        for (name, digest) in definition.materials.sorted(by: { $0.key < $1.key }) {
            materials.append(Resource(name: name, digest: ["sha256": digest.hex]))
        }
        return try CanonicalJSON.encode(
            Statement(
                subject: [Resource(name: "artifact", digest: ["sha256": subject.hex])],
                predicate: Predicate(
                    buildDefinition: BuildDefinition(
                        buildType: definition.buildType, externalParameters: definition.parameters,
                        internalParameters: ["tests": tests], resolvedDependencies: materials),
                    runDetails: Run(builder: ["id": builder]))))
    }

    /// Reads a statement of bim's; nil for any other document.
    package init?(statement bytes: [UInt8]) {
        guard let read = try? CanonicalJSON.decode(Statement.self, from: bytes),
            read.type == Statement.currentType, read.predicateType == Statement.provenanceType,
            let subject = read.subject.first?.digest["sha256"].flatMap({ Digest("sha256:\($0)") })
        else { return nil }
        let build = read.predicate.buildDefinition
        var materials: [String: Digest] = [:]
        for resource in build.resolvedDependencies {
            if let digest = resource.digest["sha256"].flatMap({ Digest("sha256:\($0)") }) {
                materials[resource.name] = digest
            }
        }
        func id(_ kind: String) -> String? { build.resolvedDependencies.lazy.compactMap { $0.digest[kind] }.first }
        guard let commit = id("gitCommit"), let tree = id("gitTree"),
            let tests = build.internalParameters["tests"], let builder = read.predicate.runDetails.builder["id"]
        else { return nil }
        self.init(
            subject: subject, commit: commit, tree: tree,
            definition: Definition(
                buildType: build.buildType, parameters: build.externalParameters, materials: materials),
            tests: tests, builder: builder)
    }

    private struct Resource: Codable {
        let name: String
        let digest: [String: String]
    }

    private struct BuildDefinition: Codable {
        let buildType: String
        let externalParameters: [String: String]
        let internalParameters: [String: String]
        let resolvedDependencies: [Resource]
    }

    private struct Run: Codable {
        let builder: [String: String]
    }

    private struct Predicate: Codable {
        let buildDefinition: BuildDefinition
        let runDetails: Run
    }

    private struct Statement: Codable {
        static let currentType = "https://in-toto.io/Statement/v1"
        static let provenanceType = "https://slsa.dev/provenance/v1"

        var type = currentType
        var predicateType = provenanceType
        let subject: [Resource]
        let predicate: Predicate

        enum CodingKeys: String, CodingKey {
            case type = "_type"
            case predicateType, subject, predicate
        }
    }
}
