/// Says what an artifact was made from, as an in-toto statement with SLSA's provenance (slsa.dev/provenance/v1).
///
/// It holds nothing that differs between two builds of one commit: no times, no names of machines. It is uploaded as a
/// referrer and has no part in the artifact's digest.
package struct Provenance: Sendable {
    /// The media type of the statement.
    package static let mediaType = "application/vnd.in-toto+json"

    package var subject: Digest
    package var commit: String
    package var tree: String
    /// The name of everything that decides bytes, such as ``LayerWriter/recipe``.
    package var recipe: String
    package var base: Digest?
    /// The program and its version.
    package var builder: String

    package init(
        subject: Digest, commit: String, tree: String, recipe: String = LayerWriter.recipe, base: Digest? = nil,
        builder: String
    ) {
        self.subject = subject
        self.commit = commit
        self.tree = tree
        self.recipe = recipe
        self.base = base
        self.builder = builder
    }

    /// The statement, the same bytes every time.
    package func statement() throws -> [UInt8] {
        var materials = [
            Resource(name: "commit", digest: ["gitCommit": commit]), Resource(name: "tree", digest: ["gitTree": tree]),
        ]
        if let base { materials.append(Resource(name: "base", digest: ["sha256": base.hex])) }
        return try CanonicalJSON.encode(
            Statement(
                subject: [Resource(name: "artifact", digest: ["sha256": subject.hex])],
                predicate: Predicate(
                    buildDefinition: Definition(
                        externalParameters: ["recipe": recipe], resolvedDependencies: materials),
                    runDetails: Run(builder: ["id": builder]))))
    }

    private struct Resource: Encodable {
        let name: String
        let digest: [String: String]
    }

    private struct Definition: Encodable {
        let buildType = "https://backend.im/own-builder/v1"
        let externalParameters: [String: String]
        let resolvedDependencies: [Resource]
    }

    private struct Run: Encodable {
        let builder: [String: String]
    }

    private struct Predicate: Encodable {
        let buildDefinition: Definition
        let runDetails: Run
    }

    private struct Statement: Encodable {
        let type = "https://in-toto.io/Statement/v1"
        let predicateType = "https://slsa.dev/provenance/v1"
        let subject: [Resource]
        let predicate: Predicate

        enum CodingKeys: String, CodingKey {
            case type = "_type"
            case predicateType, subject, predicate
        }
    }
}
