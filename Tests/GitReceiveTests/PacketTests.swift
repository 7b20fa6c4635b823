import Testing

@testable import GitReceive

/// The conversation with `git receive-pack`.
struct PacketTests {
    private static let old = String(repeating: "a", count: 40)
    private static let new = String(repeating: "b", count: 40)
    private static let none = String(repeating: "0", count: 40)

    private static func reader(_ packets: [[UInt8]]) -> PacketReader {
        var rest = packets.joined()[...]
        return PacketReader { count in
            let bytes = Array(rest.prefix(count))
            rest = rest.dropFirst(count)
            return bytes
        }
    }

    private static func packet(_ text: String) -> [UInt8] { PacketLine.packet(Array(text.utf8)) }

    @Test("A push is read with what git can do, and its greeting is answered")
    func question() throws {
        var reader = Self.reader([
            Self.packet("version=1\0push-options atomic"), PacketLine.flush,
            Self.packet("\(Self.none) \(Self.new) refs/heads/a b\n"),
            Self.packet("\(Self.old) \(Self.none) refs/heads/c"),
            PacketLine.flush,
        ])
        var said: [UInt8] = []
        let session = try ReceiveSession(&reader) { said += $0 }
        #expect(String(decoding: said, as: UTF8.self) == "000eversion=1\u{0}0000")
        #expect(session.isAtomic)
        #expect(session.updates.map(\.ref) == ["refs/heads/a b", "refs/heads/c"])
        #expect(session.updates.map(\.old) == [nil, Self.old] && session.updates.map(\.new) == [Self.new, nil])
    }

    @Test("Each ref is answered once, in order, and no reason can forge a packet")
    func answer() throws {
        var reader = Self.reader([
            Self.packet("version=1"), PacketLine.flush, Self.packet("\(Self.none) \(Self.new) refs/heads/a"),
            Self.packet("\(Self.none) \(Self.new) refs/tags/b"), Self.packet("\(Self.none) \(Self.new) refs/heads/c"),
            Self.packet("\(Self.none) \(Self.new) refs/heads/d"), PacketLine.flush,
        ])
        let session = try ReceiveSession(&reader) { _ in }
        let report = session.report([
            "refs/heads/a": .done, "refs/tags/b": .fallThrough, "refs/heads/c": .refused("CRASHED: it\nended"),
        ])
        var packets = Self.reader([report])
        let lines = try packets.section().map { String(decoding: $0, as: UTF8.self) }
        #expect(
            lines == [
                "ok refs/heads/a", "ok refs/tags/b", "option fall-through", "ng refs/heads/c CRASHED: it\u{FFFD}ended",
                "ng refs/heads/d not tried",
            ])
    }

    @Test(
        "What is no conversation of git's is refused",
        arguments: [
            [Array("hello".utf8)], [packet("version=2"), PacketLine.flush], [Array("0002".utf8)],
            [packet("version=1"), PacketLine.flush, packet("one two"), PacketLine.flush], [Array("00ffshort".utf8)], [],
        ])
    func nonsense(_ packets: [[UInt8]]) {
        var reader = Self.reader(packets)
        #expect(throws: PacketReader.Malformed.self) { try ReceiveSession(&reader) { _ in } }
    }
}
