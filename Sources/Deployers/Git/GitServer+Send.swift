package import Diagnostics
package import PlatformAPI

extension GitServer {
    /// How refs are sent.
    package struct SendOptions: Sendable {
        package var dryRun = false
        package var atomic = false
        package var pushOptions: [String] = []
        /// 0 is `--quiet`, 1 the default, 2 and more `-v`.
        package var verbosity = 1
        package var progress = false
        /// The program at the other end, where the user named one.
        package var receivePack: String?

        package init() {}
    }

    /// What became of one ref; a refusal in git's words.
    package enum Answer: Equatable, Sendable {
        case ok
        case upToDate
        case refused(String)
    }

    /// Sends changes of refs with their objects in one connection; each is compared with the value that the ref had.
    ///
    /// - Parameter onLine: takes what git and the other side say; nil shows it to the user as git does.
    /// - Returns: the answer for each ref; one that is missing was not tried.
    package func send(
        _ changes: [RefChange], _ options: SendOptions, onLine: (@Sendable (String) async -> Void)? = nil
    ) async throws(UserError) -> [String: Answer] {
        var arguments = ["send-pack", "--helper-status", "--stdin"]
        if options.dryRun { arguments.append("--dry-run") }
        if options.atomic { arguments.append("--atomic") }
        if options.verbosity == 0 { arguments.append("--quiet") }
        if options.verbosity > 1 { arguments.append("--verbose") }
        if options.progress { arguments.append("--progress") }
        arguments.append("--receive-pack=\(options.receivePack ?? receivePack)")
        arguments += options.pushOptions.map { "--push-option=\($0)" }
        arguments += changes.map { "--force-with-lease=\($0.ref):\($0.old ?? "")" }
        arguments.append(address)
        // Never with `+`, which is more than a lease to git; a lease that holds is the permission.
        let lines = changes.map { "\($0.new ?? ""):\($0.ref)\n" }
        let (text, _) = try await talk(arguments, Array(lines.joined().utf8), onLine)
        return Self.answers(text)
    }

    /// Reads what `--helper-status` prints; see `print_helper_status` in git's `builtin/send-pack.c`.
    package static func answers(_ text: String) -> [String: Answer] {
        var answers: [String: Answer] = [:]
        for line in text.split(separator: "\n") {
            let parts = line.split(separator: " ", maxSplits: 2)
            guard parts.count > 1 else { continue }
            let ref = String(parts[1])
            switch parts[0] {
            case "ok": answers[ref] = parts.count > 2 && parts[2] == "up to date" ? .upToDate : .ok
            case "error": answers[ref] = .refused(parts.count > 2 ? String(parts[2]) : "")
            default: continue
            }
        }
        return answers
    }
}
