@testable import RemoteHelper

let zeroID = String(repeating: "0", count: 40)
let oneID = String(repeating: "1", count: 40)
let twoID = String(repeating: "2", count: 40)

extension Session {
    /// Feeds lines of text and returns all outcomes, in order.
    mutating func receive(lines: [String]) -> [Outcome] {
        lines.flatMap { receive(Array("\($0)\n".utf8)) }
    }
}

extension Outcome {
    static func reply(text: String) -> Outcome {
        .reply(Array(text.utf8))
    }

    var isProtocolError: Bool {
        if case .protocolError = self { true } else { false }
    }
}

extension PushCommand {
    init(_ source: String?, _ destination: String, force: Bool = false) {
        self.init(source: source.map { Array($0.utf8) }, destination: destination, force: force)
    }
}
