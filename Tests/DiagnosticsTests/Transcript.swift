import Diagnostics
import Synchronization

/// Keeps what a reporter printed, piece by piece.
final class Transcript: Sendable {
    private let pieces = Mutex<[String]>([])

    var text: String { pieces.withLock { $0.joined() } }

    /// What events look like, printed one after the other.
    static func of(_ events: Event..., style: LineReporter.Style = .plain) -> String {
        let transcript = Transcript()
        let reporter = LineReporter(style: style) { piece in transcript.pieces.withLock { $0.append(piece) } }
        for event in events { reporter.report(event) }
        return transcript.text
    }
}

extension LineReporter.Style {
    static let plain = LineReporter.Style(progress: .signsOfLife, usesColor: false)
    static let verbose = LineReporter.Style(isVerbose: true, progress: .signsOfLife, usesColor: false)
    static let quiet = LineReporter.Style(isQuiet: true, progress: .signsOfLife, usesColor: false)
    static let terminal = LineReporter.Style(progress: .rewritten, usesColor: false)
    static let colored = LineReporter.Style(progress: .signsOfLife, usesColor: true)
}
