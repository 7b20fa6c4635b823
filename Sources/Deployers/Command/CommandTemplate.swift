package import Diagnostics
package import PlatformAPI

/// What a deploy command is told: variables in its environment, and placeholders in its words.
package struct CommandTemplate: Sendable {
    /// Placeholder to value; the variable of `old_commit` is `BIM_OLD_COMMIT`.
    private let values: [String: String]

    package init(_ request: DeploymentRequest, app: AppID, name: String) {
        let parts = request.artifact.reference.split(separator: "@", maxSplits: 1).map(String.init)
        values = [
            "artifact": request.artifact.reference, "artifact_kind": request.artifact.kind, "repository": parts[0],
            "digest": parts.count > 1 ? parts[1] : "", "commit": request.commit, "old_commit": request.oldCommit ?? "",
            "environment": request.environment, "environment_kind": request.kind, "app": app.description,
            "app_user": app.user, "app_name": app.app, "ref": request.ref,
            "branch": request.ref.hasPrefix("refs/heads/") ? String(request.ref.dropFirst(11)) : request.ref,
            "message": request.message ?? "", "command": name,
            "web": request.settings.processes["web"] ?? "", "health_path": request.settings.healthPath ?? "",
        ]
    }

    /// Refuses words with placeholders that are not known.
    package static func check(_ words: [String]) throws(UserError) {
        let nothing = DeploymentRequest(
            environment: "", kind: "", protected: false, ref: "", commit: "", oldCommit: nil, force: false,
            artifact: .init(kind: "", reference: "-"), settings: .init(processes: [:]), message: nil, client: "")
        let template = CommandTemplate(nothing, app: AppID(user: "", app: ""), name: "")
        for word in words { _ = try template.fill(word) }
    }

    package var variables: [String: String] {
        Dictionary(uniqueKeysWithValues: values.map { ("BIM_" + $0.key.uppercased(), $0.value) })
    }

    /// Replaces `{name}` in a word. Braces around anything else, and double ones, are the word's own.
    ///
    /// - Throws: `CONFIG_INVALID` for a lower-case name that is none of ours.
    package func fill(_ word: String) throws(UserError) -> String {
        var filled = ""
        var rest = word[...]
        while let open = rest.firstIndex(of: "{") {
            filled += rest[..<open]
            rest = rest[rest.index(after: open)...]
            let name = rest.prefix { $0 == "_" || ("a"..."z").contains($0) }
            let isDouble = filled.last == "{" || rest.first == "{"
            guard !isDouble, !name.isEmpty, rest.dropFirst(name.count).first == "}" else {
                filled += "{"
                continue
            }
            guard let value = values[String(name)] else {
                throw UserError(
                    .configInvalid, "the deploy command has the placeholder '{\(name)}', which is not known",
                    hint: "known are \(values.keys.sorted().map { "{\($0)}" }.joined(separator: " "))")
            }
            filled += value
            rest = rest.dropFirst(name.count + 1)
        }
        return filled + rest
    }
}
