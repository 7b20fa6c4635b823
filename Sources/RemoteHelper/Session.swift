/// One conversation with git, read line by line: `gitremote-helpers(7)`.
///
/// Holds state and does no I/O. After a ``Outcome/protocolError(_:)`` or ``Outcome/finished`` every further line gives
/// that outcome again.
package struct Session: Sendable {
    /// The longest line that is read, in bytes.
    package static let maximumLineLength = 1 << 20

    /// How git reads from the remote; pushes are bim's own in both.
    package enum Reading: Sendable {
        /// Through git's own HTTP helper: what `remote-curl` offers, but for `get`, which is for bundle URIs that git
        /// fetches without asking a remote's helper.
        case smartHTTP
        /// By git's own protocol with a program of git's at the other end.
        case connection

        var capabilities: String {
            switch self {
            case .smartHTTP: "option\npush\nfetch\nstateless-connect\ncheck-connectivity\nobject-format\n\n"
            case .connection: "option\npush\nconnect\nobject-format\n\n"
            }
        }
    }

    private let reading: Reading

    /// What git has said with `option` lines.
    package private(set) var options = SessionOptions()

    /// The `option` lines that git's own HTTP helper must hear, in order and without line ends.
    ///
    /// The list only grows: a helper that already runs needs the lines after those that it has heard.
    package private(set) var passThroughOptions: [[UInt8]] = []

    private var pending = Pending()
    private var end: Outcome?

    /// The batch whose empty line has not come yet: updates or requests, never both.
    private struct Pending {
        var updates: [PushCommand] = []
        var destinations: Set<String> = []
        var requests: [FetchRequest] = []
        var requested: Set<FetchRequest> = []

        var operation: Operation {
            updates.isEmpty ? requests.isEmpty ? .none : .fetch : .push
        }
    }

    private enum Operation {
        case none, push, fetch
    }

    /// Starts before `capabilities`.
    package init(reading: Reading = .smartHTTP) {
        self.reading = reading
    }

    /// Takes one line, with or without its line end, and says what to do, in order.
    package mutating func receive(_ line: [UInt8]) -> [Outcome] {
        if let end { return [end] }
        guard line.count <= Self.maximumLineLength else {
            return fail("a line is longer than \(Self.maximumLineLength) bytes")
        }
        var line = line[...]
        if line.last == UInt8(ascii: "\n") { line.removeLast() }
        if line.last == UInt8(ascii: "\r") { line.removeLast() }
        guard !line.contains(where: { $0 == 0 || $0 == UInt8(ascii: "\n") }) else {
            return fail("a line holds a NUL or a line feed")
        }
        return line.isEmpty ? endOfBatch() : command(line)
    }

    /// Takes the end of git's stream: `finished`, or an error when it cut a batch that must then not be carried out.
    package mutating func endOfInput() -> Outcome {
        switch (end, pending.operation) {
        case (let end?, _): return end
        case (nil, .none): return finish()
        case (nil, .push): return fail("git went away in the middle of a push")[0]
        case (nil, .fetch): return fail("git went away in the middle of a fetch")[0]
        }
    }

    private mutating func endOfBatch() -> [Outcome] {
        defer {
            pending = Pending()
            options.nextPush = PushOptions()
        }
        switch pending.operation {
        case .none: return [finish()]
        case .push: return [.push(PushBatch(updates: pending.updates, options: options.push))]
        case .fetch: return [.fetch(pending.requests)]
        }
    }

    private mutating func command(_ line: ArraySlice<UInt8>) -> [Outcome] {
        let (word, rest) = Self.firstWord(of: line)
        switch (String(decoding: word, as: UTF8.self), rest, pending.operation) {
        case ("option", let rest?, _): return option(rest, line: line)
        case ("push", let rest?, .none), ("push", let rest?, .push): return push(rest)
        case ("fetch", let rest?, .none), ("fetch", let rest?, .fetch): return fetch(rest)
        case ("capabilities", nil, .none): return [.reply(Array(reading.capabilities.utf8))]
        case ("list", nil, .none): return [.list(forPush: false)]
        case ("list", let rest?, .none) where rest.elementsEqual("for-push".utf8): return [.list(forPush: true)]
        case ("stateless-connect", let rest?, .none):
            guard let service = RefName.validated(rest) else { return fail("'stateless-connect' names no service") }
            return [.statelessConnect(service: service)]
        case ("connect", let rest?, .none) where reading == .connection: return connect(rest)
        default: return fail("unexpected line \(Self.shown(line))")
        }
    }

    /// A push goes by `push` lines, whatever git would rather do.
    private mutating func connect(_ rest: ArraySlice<UInt8>) -> [Outcome] {
        guard let service = RefName.validated(rest) else { return fail("'connect' names no service") }
        if service == "git-receive-pack" { return [.reply(Array("fallback\n".utf8))] }
        return [.connect(service: service)]
    }

    private mutating func option(_ rest: ArraySlice<UInt8>, line: ArraySlice<UInt8>) -> [Outcome] {
        let (name, value) = Self.firstWord(of: rest)
        // Over HTTP the user has no say in what runs at the other end.
        if name.elementsEqual("servpath".utf8), reading == .smartHTTP { return [.reply(Array("unsupported\n".utf8))] }
        switch options.set(String(decoding: name, as: UTF8.self), to: value) {
        case .ok:
            return [.reply(Array("ok\n".utf8))]
        case .okAndPassOn:
            passThroughOptions.append(Array(line))
            return [.reply(Array("ok\n".utf8))]
        case .unsupported:
            return [.reply(Array("unsupported\n".utf8))]
        case .error(let message):
            return [.reply(Array("error \(message)\n".utf8))]
        case .fatal(let message):
            return fail(message)
        }
    }

    private mutating func push(_ refspec: ArraySlice<UInt8>) -> [Outcome] {
        guard let update = PushCommand(refspec: refspec) else {
            return fail("cannot read the destination in \(Self.shown(refspec))")
        }
        guard pending.destinations.insert(update.destination).inserted else {
            return fail("'\(update.destination)' is pushed twice in one batch")
        }
        pending.updates.append(update)
        return []
    }

    private mutating func fetch(_ rest: ArraySlice<UInt8>) -> [Outcome] {
        let (word, name) = Self.firstWord(of: rest)
        guard let objectID = HexObjectID.validated(word), let name, !name.isEmpty else {
            return fail("cannot read the request \(Self.shown(rest))")
        }
        let request = FetchRequest(objectID: objectID, name: Array(name))
        // A clone asks for HEAD's branch twice.
        if pending.requested.insert(request).inserted { pending.requests.append(request) }
        return []
    }

    private mutating func finish() -> Outcome {
        end = .finished
        return .finished
    }

    private mutating func fail(_ problem: String) -> [Outcome] {
        end = .protocolError(problem)
        return [.protocolError(problem)]
    }

    /// Divides at the first space; the rest is nil when there is none.
    private static func firstWord(of line: ArraySlice<UInt8>) -> (ArraySlice<UInt8>, ArraySlice<UInt8>?) {
        guard let space = line.firstIndex(of: UInt8(ascii: " ")) else { return (line, nil) }
        return (line[..<space], line[(space + 1)...])
    }

    /// The start of a line, fit for a terminal.
    private static func shown(_ line: ArraySlice<UInt8>) -> String {
        let printable = line.prefix(60).map { (0x20..<0x7F).contains($0) ? $0 : UInt8(ascii: "?") }
        return "'\(String(decoding: printable, as: UTF8.self))'"
    }
}
