internal import Diagnostics

/// What is printed.
extension PushForecast {
    /// What would be done, a line each; the headline and the tests are not among them.
    var lines: [String] {
        var lines = notices
        if startsPlatform { lines.append("would start the platform on this machine") }
        if let builder { lines.append("would build with \(builder.name) (\(builder.reason))" + buildText) }
        if let upload { lines.append("would upload to \(upload.place)" + uploadText(upload)) }
        for (name, command) in processes.sorted(by: { $0.key < $1.key }) {
            lines.append("would run \(name): \(command) (\(processOrigin ?? "bim.yml"))")
        }
        if let releaseCommand { lines.append("would run before the switch: \(releaseCommand)") }
        lines.append(liveText)
        return lines
    }

    private var buildText: String {
        guard let build else { return "" }
        let base = build.base.map { " on \($0)" } ?? ""
        let news =
            build.newLayers == 0 ? "nothing new" : "\(build.newLayers) new, of \(formatBytes(build.newBytes)) in files"
        return ": \(count(build.layers, "layer"))\(base), \(news)"
    }

    private func uploadText(_ upload: Upload) -> String {
        switch upload.missingLayers {
        case nil: ""
        case 0?: ": every layer is there"
        case let missing?: ": \(count(missing, "layer")) missing there"
        }
    }

    private var liveText: String {
        guard let live else { return "nothing is live from '\(branch)' yet" }
        let what = "\(live.release.map { "release \($0) of " } ?? "")\(live.commit.prefix(7))"
        if isUpToDate { return "\(what) is live already" }
        var text = "would replace \(what)"
        if let added = live.added, added > 0 { text += ", to which \(count(added, "commit")) would be added" }
        if let lost = live.lost, lost > 0 { text += ", of which \(count(lost, "commit")) would be lost" }
        return text
    }

    private func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private var branch: Substring { ref.hasPrefix("refs/heads/") ? ref.dropFirst(11) : ref[...] }

    /// The whole for a terminal.
    package var text: String {
        let what = commit.map { "\($0.id.prefix(7)) \"\($0.summary)\"" } ?? ""
        let place = environment.map { "\(branch) → \($0)" } ?? "\(branch)"
        let mark = isProtected == true ? ", protected" : isPreview == true ? ", a preview" : ""
        var lines = ["\(app)  \(place)\(mark)  \(what)"]
        if changedFiles > 0 { lines.append("  " + Self.changedFilesText(changedFiles)) }
        if let text = tests?.text { lines.append("  tests \(text)") }
        lines += self.lines.map { "  " + $0 }
        if let refusal {
            lines.append("  would be refused: \(refusal.message)\(refusal.code.map { " (\($0.rawValue))" } ?? "")")
            if let hint = refusal.hint { lines.append("  hint: \(hint)") }
        }
        return lines.map(printable).joined(separator: "\n")
    }

    /// What is said of uncommitted work.
    static func changedFilesText(_ count: Int) -> String {
        let (noun, verb) = count == 1 ? ("file", "is") : ("files", "are")
        return "\(count) changed \(noun) in this folder \(verb) not in the commit"
    }
}
