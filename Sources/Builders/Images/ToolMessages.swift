internal import Artifacts
internal import ProcessRunner

/// What the tools say in words alone when a build fails; a phrase that is not known leaves the failure what it is.
enum ToolMessages {
    private static let full = ["no space left on device", "disk quota exceeded"]
    private static let otherPlatform = [
        "exec format error", "no match for platform", "does not match the specified platform",
        "no image found in image index for architecture", "no image found in manifest list for architecture",
    ]
    private static let unavailable = [
        "cannot connect to the docker daemon", "error during connect", "unable to connect to podman",
        "failed to connect to", "connection reset by peer",
    ]
    /// Each tool's line about a command of the Dockerfile.
    private static let commands = [
        "building at step \"run", "executor failed running",
        "returned a non-zero code:", "while running runtime: exit status", "did not complete successfully",
    ]

    /// What a failure is, by the last lines that were printed.
    static func kind(
        _ lines: [String], tool: String, step: String, status: ExitStatus, platform: Artifacts.Platform
    ) -> BuildFailure.Kind {
        func says(_ phrases: [String], in line: String) -> Bool { phrases.contains(where: line.lowercased().contains) }
        if lines.contains(where: { says(full, in: $0) }) { return .noSpace }
        if lines.contains(where: { says(otherPlatform, in: $0) }) {
            return .platform(wanted: platform, made: "another system")
        }
        // What a command of the project could not reach is not what the tool speaks to.
        if let line = lines.last(where: { says(commands, in: $0) }) { return .said(step: step, line.trimmed) }
        if let line = lines.last(where: { says(unavailable, in: $0) }) {
            return .unavailable(tool: tool, said: line)
        }
        return .command(step: step, status: status)
    }
}

extension String {
    fileprivate var trimmed: String { String(drop(while: \.isWhitespace)) }
}
