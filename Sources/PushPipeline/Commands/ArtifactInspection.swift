internal import Artifacts
internal import Deployers
package import Diagnostics
internal import HTTPTransport
internal import PlatformAPI
internal import ProjectConfig

/// `git bim inspect`: what an artifact is, and how it was made.
package enum ArtifactInspection {
    /// - Parameter what: as `git bim deploy --to` takes it, or a whole reference, which nobody need have deployed.
    package static func run(
        _ what: String, remote: String?, variables: [String: String]
    ) async throws(UserError) -> CommandOutput {
        let remote = try await CommandRemote(remote, environment: variables)
        let target = try await remote.target()
        let own = target.registry.map { (app: target.app.description, registry: $0) }
        func place(_ reference: String) -> (place: ArtifactPlace, digest: Digest)? {
            ArtifactPlace.find(reference, own: own, environment: variables, transport: remote.transport)
        }
        var reference = what
        var found = place(what)
        if found == nil {
            let api = try await remote.platform().api
            let local = try await remote.batch(target, reporter: SilentReporter()).local
            reference = try await ArtifactSearch(location: remote.location, api: api, local: local)
                .find(what, in: "production").reference
            found = place(reference)
        }
        guard let found else {
            throw UserError(
                .configInvalid, "'\(reference)' names no artifact by its digest",
                hint: "git bim log  names those that do")
        }
        do {
            let report = ArtifactReport(try await found.place.read(found.digest, reference: reference))
            return CommandOutput(report.text, json: report.document)
        } catch {
            throw UserError(buildOrUpload: error)
        }
    }
}

/// What is said of an artifact, to people and to programs.
struct ArtifactReport: Sendable {
    let artifact: StoredArtifact

    init(_ artifact: StoredArtifact) { self.artifact = artifact }

    private var size: Int64 { artifact.layers.reduce(0) { $0 + $1.size } }

    private var variables: [String] {
        (artifact.configuration?.config?.environment ?? []).map { String($0.prefix { $0 != "=" }) }
    }

    var text: String {
        var lines = [artifact.reference]
        func say(_ name: String, _ value: String?) {
            guard let value, !value.isEmpty else { return }
            lines.append("  " + name + String(repeating: " ", count: max(1, 13 - name.count)) + value)
        }
        func words(_ command: [String]?) -> String? {
            command?.map { ShellQuoting.word($0) }.joined(separator: " ")
        }
        let configuration = artifact.configuration
        say("kind", artifact.kind + (configuration.map { ", \($0.os)/\($0.architecture)" } ?? ""))
        say("digest", artifact.digest.description)
        say("size", formatBytes(size))
        for layer in artifact.layers {
            say(artifact.kind == "zip" ? "file" : "layer", "\(layer.digest)  \(formatBytes(layer.size))")
        }
        let execution = configuration?.config
        say("created", configuration?.created)
        say("entrypoint", words(execution?.entrypoint))
        say("command", words(execution?.command))
        say("variables", variables.joined(separator: ", "))
        say("ports", execution?.exposedPorts?.keys.sorted().joined(separator: ", "))
        for (name, value) in (execution?.labels ?? [:]).sorted(by: { $0.key < $1.key }) {
            say("label", "\(name)=\(value)")
        }
        for (name, value) in artifact.annotations.sorted(by: { $0.key < $1.key }) {
            say("annotation", "\(name)=\(value)")
        }
        if artifact.provenance.isEmpty { lines.append("provenance: there is none") }
        for statement in artifact.provenance {
            lines.append("provenance")
            say("builder", statement.builder)
            say("build type", statement.definition.buildType)
            say("commit", statement.commit)
            say("tree", statement.tree)
            say("tests", statement.tests)
            for (name, value) in statement.definition.parameters.sorted(by: { $0.key < $1.key }) { say(name, value) }
            for (name, digest) in statement.definition.materials.sorted(by: { $0.key < $1.key }) {
                say("material", "\(name)  \(digest)")
            }
        }
        return lines.joined(separator: "\n")
    }

    var document: Document {
        let configuration = artifact.configuration
        let execution = configuration?.config
        return Document(
            reference: artifact.reference, digest: artifact.digest, kind: artifact.kind, size: size,
            layers: artifact.layers.map { .init(digest: $0.digest, mediaType: $0.mediaType, size: $0.size) },
            image: configuration.map {
                .init(
                    platform: "\($0.os)/\($0.architecture)", created: $0.created, entrypoint: execution?.entrypoint,
                    command: execution?.command, variables: variables,
                    ports: (execution?.exposedPorts ?? [:]).keys.sorted(), labels: execution?.labels ?? [:])
            },
            annotations: artifact.annotations,
            provenance: artifact.provenance.map {
                .init(
                    builder: $0.builder, buildType: $0.definition.buildType, parameters: $0.definition.parameters,
                    materials: $0.definition.materials.mapValues(\.description), commit: $0.commit, tree: $0.tree,
                    tests: $0.tests)
            })
    }
}

extension ArtifactReport {
    /// The form of `docs/json.md`.
    struct Document: Encodable {
        struct Layer: Encodable {
            let digest: Digest
            let mediaType: String
            let size: Int64
        }
        struct Image: Encodable {
            let platform: String
            let created: String?
            let entrypoint: [String]?
            let command: [String]?
            /// Names alone.
            let variables: [String]
            let ports: [String]
            let labels: [String: String]
        }
        struct Statement: Encodable {
            let builder: String
            let buildType: String
            let parameters: [String: String]
            let materials: [String: String]
            let commit: String
            let tree: String
            let tests: String
        }

        let v = JSONShape.version
        let reference: String
        let digest: Digest
        let kind: String
        let size: Int64
        let layers: [Layer]
        let image: Image?
        let annotations: [String: String]
        let provenance: [Statement]
    }
}
