import Foundation
import GitCore
import Glibc
import Testing

@testable import PushPipeline

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

/// Random and mutated streams of commands, given to the helper as git gives them: it ends, and says nothing but replies.
///
/// `BIM_FUZZ_STREAMS` sets how many; `Benchmarks/protocol-fuzz` runs a million.
struct ProtocolFuzzTests {
    private static let streams = ProcessInfo.processInfo.environment["BIM_FUZZ_STREAMS"].flatMap { Int($0) } ?? 3000
    private static let id = String(repeating: "1a", count: 20)

    /// What git has said to helpers, from whole pushes and fetches.
    private static let recorded: [[String]] = [
        [
            "capabilities", "option progress true", "option verbosity 1", "option object-format true", "list for-push",
            "option cas refs/heads/main:\(id)", "option cas \"refs/heads/\\303\\274:\(id)\"", "option atomic true",
            "option push-option \"a b\"", "push refs/heads/main:refs/heads/main", "push +HEAD^{/a b}:refs/heads/x",
            "push :refs/heads/gone", "", "",
        ],
        [
            "capabilities", "option progress false", "option verbosity 0", "option depth 1", "option object-format",
            "stateless-connect git-upload-pack", "list", "option check-connectivity true", "option cloning true",
            "fetch \(id) refs/heads/main", "fetch \(id) refs/heads/main", "", "",
        ],
        [
            "capabilities", "option dry-run true", "option pushcert true", "option servpath /x",
            "connect git-upload-pack",
        ],
    ]
    private static let replies: Set<String> = [
        "option", "push", "fetch", "stateless-connect", "check-connectivity", "object-format", "", "ok", "unsupported",
    ]

    @Test(
        "Whatever comes, the helper ends with a status of its own and writes nothing but replies",
        .timeLimit(.minutes(60)))
    func streams() async throws {
        var generator = FixedGenerator(state: 7)
        var heard: Set<String> = []
        for number in 0..<Self.streams {
            let stream = Self.stream(number, &generator)
            let (status, written) = try await run(stream)
            #expect([0, 128].contains(status), "\(stream)")
            let lines = String(decoding: written, as: UTF8.self).split(
                separator: "\n", omittingEmptySubsequences: false)
            heard.formUnion(lines.map(String.init))
            #expect(
                lines.allSatisfy { Self.replies.contains(String($0)) || $0.hasPrefix("error ") },
                "\(String(decoding: stream, as: UTF8.self)) gave \(lines)")
        }
        #expect(heard.isSuperset(of: ["ok", "unsupported", "stateless-connect"]), "some streams must get somewhere")
    }

    /// Every third stream is noise, the others are recorded ones with a few accidents.
    private static func stream(_ number: Int, _ generator: inout FixedGenerator) -> [UInt8] {
        if number % 3 == 0 {
            return (0..<Int.random(in: 0..<200, using: &generator)).map { _ in
                UInt8.random(in: .min ... .max, using: &generator)
            }
        }
        var lines = recorded.randomElement(using: &generator) ?? []
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !lines.isEmpty {
            let one = Int.random(in: lines.indices, using: &generator)
            let other = Int.random(in: lines.indices, using: &generator)
            switch Int.random(in: 0..<4, using: &generator) {
            case 0: lines.remove(at: one)
            case 1: lines.insert(lines[one], at: other)
            case 2: lines.swapAt(one, other)
            default: lines[one] = String(lines[one].shuffled(using: &generator))
            }
        }
        var bytes = Array(lines.joined(separator: "\n").utf8) + [UInt8(ascii: "\n")]
        if Bool.random(using: &generator) {
            bytes[Int.random(in: bytes.indices, using: &generator)] = UInt8.random(in: .min ... .max, using: &generator)
        }
        return Array(bytes.prefix(Int.random(in: 0...bytes.count * 2, using: &generator)))
    }

    /// Runs the helper on a stream that ends; the address leads nowhere, so that nothing but the protocol is at work.
    private func run(_ stream: [UInt8]) async throws -> (Int32, [UInt8]) {
        let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        var (input, output): ([Int32], [Int32]) = ([0, 0], [0, 0])
        try #require(socketpair(AF_UNIX, kind, 0, &input) == 0 && socketpair(AF_UNIX, kind, 0, &output) == 0)
        defer { for descriptor in input + output { close(descriptor) } }
        #expect(write(input[0], stream, stream.count) == stream.count)
        shutdown(input[0], Int32(SHUT_WR))
        let location = RepositoryLocation(environment: ["HOME": "/nonexistent"], folder: "/")
        let channel = GitChannel(reading: input[1], writing: output[1])
        let helper = RemoteHelperRun(
            channel: channel, location: location, remote: "bim", address: "nonsense", say: { _ in })
        let status = await helper.run()
        shutdown(output[1], Int32(SHUT_WR))
        var written: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while case let count = read(output[0], &buffer, buffer.count), count > 0 { written += buffer[..<count] }
        // The reader must not read from a descriptor that is another's by then.
        while await channel.nextChunk() != nil {}
        return (status, written)
    }
}
