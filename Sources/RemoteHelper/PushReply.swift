/// The lines that answer a push batch; git wants exactly one for each destination, then an empty line.
package enum PushReply {
    /// Ends the answer to a batch.
    package static let endOfBatch: [UInt8] = [UInt8(ascii: "\n")]

    /// Says that the ref was updated; `forced` makes git show it as a forced update.
    ///
    /// - Parameter newID: the hex id of the object that the ref has now, where it is not the one that was pushed; git
    ///   moves its tracking ref there, and has none after the zero id.
    package static func ok(_ ref: String, forced: Bool = false, newID: String? = nil) -> [UInt8] {
        line("ok", ref, forced ? Array("forced update".utf8) : [])
            + Array((newID.map { "option new-oid \($0)\n" } ?? "").utf8)
    }

    /// Says that the ref stays as it was, and why.
    package static func error(_ ref: String, _ why: RejectReason) -> [UInt8] {
        line("error", ref, why.text)
    }

    /// Answers for a whole batch that nothing came of.
    package static func refusal(of batch: PushBatch, _ why: RejectReason) -> [UInt8] {
        batch.updates.flatMap { error($0.destination, why) } + endOfBatch
    }

    private static func line(_ word: String, _ ref: String, _ text: [UInt8]) -> [UInt8] {
        let name = ref.utf8.filter { $0 > 0x20 && $0 != 0x7F }
        let head = Array(word.utf8) + [UInt8(ascii: " ")] + name
        return head + (text.isEmpty ? [] : [UInt8(ascii: " ")] + text) + [UInt8(ascii: "\n")]
    }
}

/// Why a ref update is refused, in the words that git's `transport-helper.c` compares with.
package enum RejectReason: Sendable, Equatable {
    /// The update loses commits; git adds its advice to pull first.
    case nonFastForward
    /// The remote has a commit that is not known here; git adds its advice to fetch first.
    case fetchFirst
    /// The remote ref is not a commit, or would become none.
    case needsForce
    /// The tag exists.
    case alreadyExists
    /// A lease does not hold, or somebody else was faster.
    case staleInfo
    /// Nothing to do. git counts this as a success and moves the tracking ref.
    case upToDate
    /// Another update of the atomic batch was refused.
    case atomicPushFailed
    /// Anything else; git shows the text as `! [remote rejected] … (text)`.
    ///
    /// The text may come from anywhere: it is put on one line, its control characters are dropped, it is cut to
    /// ``maximumLength`` bytes, and git never takes it for one of the reasons above.
    case other(String)

    /// The longest text that ``other(_:)`` sends, in bytes.
    package static let maximumLength = 500

    /// The texts that git gives a meaning of its own.
    static let magic: Set<String> = [
        "no match", "up to date", "non-fast forward", "already exists", "fetch first", "needs force", "stale info",
        "remote ref updated since checkout", "forced update", "expecting report", "atomic push failed",
    ]

    /// Takes a reason as git's own `send-pack` words it; what has no meaning of its own to git is shown as it is.
    package init(gitText text: String) {
        let meanings: [RejectReason] = [
            .nonFastForward, .fetchFirst, .needsForce, .alreadyExists, .staleInfo, .upToDate, .atomicPushFailed,
        ]
        self = meanings.first { $0.text.elementsEqual(text.utf8) } ?? .other(text)
    }

    /// What stands in the line after the ref name.
    var text: [UInt8] {
        switch self {
        case .nonFastForward: Array("non-fast forward".utf8)
        case .fetchFirst: Array("fetch first".utf8)
        case .needsForce: Array("needs force".utf8)
        case .alreadyExists: Array("already exists".utf8)
        case .staleInfo: Array("stale info".utf8)
        case .upToDate: Array("up to date".utf8)
        case .atomicPushFailed: Array("atomic push failed".utf8)
        case .other(let text): Self.sanitized(text)
        }
    }

    private static func sanitized(_ text: String) -> [UInt8] {
        let words = String(String.UnicodeScalarView(text.unicodeScalars.compactMap(printable)))
            .split(separator: " ").joined(separator: " ")
        if words.isEmpty { return Array("no reason given".utf8) }
        if magic.contains(words) { return Array("refused: \(words)".utf8) }
        // git takes a text that starts with a double quote for a quoted one.
        return words.utf8.first == UInt8(ascii: "\"")
            ? CStyleQuoting.quote(
                cut(words, cost: { "\"\\".unicodeScalars.contains($0) ? 2 : UTF8.width($0) }, extra: 2))
            : cut(words, cost: UTF8.width, extra: 0)
    }

    /// Turns white space into spaces; drops what a terminal would obey instead of show.
    private static func printable(_ scalar: UnicodeScalar) -> UnicodeScalar? {
        if scalar.properties.isWhitespace { return " " }
        switch scalar.properties.generalCategory {
        case .control, .format, .surrogate: return nil
        default: return scalar
        }
    }

    /// Ends a long text with an ellipsis so that all its scalars cost no more than the limit.
    private static func cut(_ text: String, cost: (UnicodeScalar) -> Int, extra: Int) -> [UInt8] {
        var room = maximumLength - extra
        let all = text.unicodeScalars
        if all.lazy.map(cost).reduce(0, +) <= room { return Array(text.utf8) }
        room -= UTF8.width("…")
        let kept = all.prefix { scalar in
            room -= cost(scalar)
            return room >= 0
        }
        return Array((String(kept) + "…").utf8)
    }
}
