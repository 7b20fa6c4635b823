/// The one object that says how a push ended (`docs/json.md`); never more than 16 kB.
struct PushResult: Encodable {
    struct Ref: Encodable {
        let ref: String
        let ok: Bool
        let code: ErrorCode?
        let reason: String?
    }

    var v = 1
    let event = "result"
    var seq = 0
    var ts = ""
    let run: String
    var ok = true
    var code: ErrorCode?
    var message: String?
    /// The step or the deployment's phase that it ended in.
    var phase: String?
    var hint: String?
    var retryable = false
    var environment: String?
    var deployment: String?
    var release: Int?
    var url: String?
    var commit: String?
    var liveCommit: String?
    var refs: [Ref] = []
    /// Refs that are left out of `refs`.
    var moreRefs: Int?
    /// Every line of the push.
    var logFile: String?
    var logTail: [String] = []

    init(run: String) { self.run = run }

    /// The most bytes of the log's end, of one line and of all.
    private static let (longestLine, longestTail) = (300, 6000)
    private static let mostRefs = 10

    mutating func take(_ outcome: DeploymentOutcome) {
        (environment, deployment, release) = (outcome.environment, outcome.deployment, outcome.release)
        (url, commit, liveCommit) = (outcome.url, outcome.commit, outcome.liveCommit)
        if let phase = outcome.phase { self.phase = phase }
        logTail = Self.shortened(outcome.logTail)
    }

    mutating func take(_ error: UserError) {
        (ok, code, hint) = (false, error.code, error.hint.map(Self.shortened))
        message = Self.shortened(error.message)
        retryable = error.code.isRetryable
    }

    mutating func take(ref: String, code: ErrorCode?, reason: String?) {
        guard refs.count < Self.mostRefs else {
            moreRefs = (moreRefs ?? 0) + 1
            return
        }
        refs.append(
            .init(ref: Self.shortened(ref), ok: reason == nil, code: code, reason: reason.map(Self.shortened)))
        guard let reason else { return }
        ok = false
        // What was said above it says more.
        if self.code == nil { (self.code, message) = (code, Self.shortened(reason)) }
    }

    /// The last 50 lines, as far as they fit.
    static func shortened(_ lines: [String]) -> [String] {
        var room = longestTail
        var kept: [String] = []
        for line in lines.suffix(50).reversed() {
            let line = shortened(line)
            // An escaped character takes up to six bytes.
            room -= line.unicodeScalars.reduce(3) { $0 + ($1.value < 0x20 ? 6 : $1.utf8.count) }
            if room < 0 { break }
            kept.insert(line, at: 0)
        }
        return kept
    }

    static func shortened(_ text: String) -> String {
        text.utf8.count <= longestLine ? text : String(text.prefix(longestLine / 4)) + "…"
    }
}

extension Unicode.Scalar {
    fileprivate var utf8: UTF8.EncodedScalar { UTF8.encode(self) ?? UTF8.encodedReplacementCharacter }
}
