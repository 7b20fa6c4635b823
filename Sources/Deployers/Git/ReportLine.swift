internal import Artifacts
package import PlatformAPI

/// A line of a git server's to a bim at the other end, among the lines that it prints for people.
package enum ReportLine: Sendable, Equatable {
    case event(DeploymentEvent)
    /// Why no deployment was begun.
    case problem(Problem)
    /// The server is at work.
    case alive

    private static let eventMark = "bim-event: "
    private static let problemMark = "bim-problem: "
    private static let aliveMark = "bim-alive"

    /// Reads a line as git hands it on, with spaces behind it; nil for one that is for people.
    package init?(_ line: some StringProtocol) {
        let text = String(line.reversed().drop { $0 == " " }.reversed())
        func json<Value: Decodable>(_ prefix: String, _ type: Value.Type) -> Value? {
            guard text.hasPrefix(prefix) else { return nil }
            return try? CanonicalJSON.decode(type, from: Array(text.dropFirst(prefix.count).utf8))
        }
        if text == Self.aliveMark {
            self = .alive
        } else if let event = json(Self.eventMark, DeploymentEvent.self) {
            self = .event(event)
        } else if let problem = json(Self.problemMark, Problem.self) {
            self = .problem(problem)
        } else {
            return nil
        }
    }

    /// The line without its end.
    package var text: String {
        func json(_ value: some Encodable) -> String {
            String(decoding: (try? CanonicalJSON.encode(value)) ?? [], as: UTF8.self)
        }
        return switch self {
        case .event(let event): Self.eventMark + json(event)
        case .problem(let problem): Self.problemMark + json(problem)
        case .alive: Self.aliveMark
        }
    }
}
