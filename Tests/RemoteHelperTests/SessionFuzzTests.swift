import Testing

@testable import RemoteHelper

/// Numbers that are the same in every run (SplitMix64).
private struct FixedGenerator: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

struct SessionFuzzTests {
    private static let pieces: [String] = [
        "push ", "fetch ", "option ", "list", "list for-push", "capabilities", "stateless-connect ", "cas ",
        "push-option ",
        "refs/heads/a", "refs/heads/b", ":", "+", "\"", "\\303", "\\", " ", "true", "verbosity ", "atomic ", oneID,
        zeroID, "ü", "\r",
    ]

    @Test("random bytes never trap and never become a push", arguments: [1, 2, 3] as [UInt64])
    func bytes(seed: UInt64) {
        var generator = FixedGenerator(state: seed)
        for _ in 0..<2_000 {
            var session = Session()
            for _ in 0..<4 {
                let line = (0..<Int.random(in: 0..<60, using: &generator)).map { _ in
                    UInt8.random(in: .min ... .max, using: &generator)
                }
                for case .push(let batch) in session.receive(line) {
                    Issue.record("pushed \(batch)")
                }
            }
            _ = session.endOfInput()
        }
    }

    @Test("shuffled pieces of the protocol keep its rules", arguments: [4, 5, 6] as [UInt64])
    func pieces(seed: UInt64) {
        var generator = FixedGenerator(state: seed)
        for _ in 0..<3_000 {
            var session = Session()
            var ended: Outcome?
            for _ in 0..<8 {
                let line = (0..<Int.random(in: 0..<5, using: &generator)).map { _ in
                    Self.pieces.randomElement(using: &generator) ?? ""
                }
                let outcomes = session.receive(Array(line.joined().utf8))
                #expect(outcomes.count <= 1)
                if let ended { #expect(outcomes == [ended]) }
                for outcome in outcomes { check(outcome, &ended) }
            }
        }
    }

    private func check(_ outcome: Outcome, _ ended: inout Outcome?) {
        switch outcome {
        case .reply(let bytes):
            #expect(bytes.last == UInt8(ascii: "\n"))
        case .push(let batch):
            #expect(!batch.updates.isEmpty)
            #expect(Set(batch.updates.map(\.destination)).count == batch.updates.count)
            #expect(batch.updates.allSatisfy { !$0.destination.contains(":") && !$0.destination.contains(" ") })
        case .fetch(let requests):
            #expect(Set(requests).count == requests.count)
        case .finished, .protocolError:
            ended = outcome
        case .list, .statelessConnect, .connect:
            break
        }
    }
}
