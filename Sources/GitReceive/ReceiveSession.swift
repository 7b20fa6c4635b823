internal import Diagnostics

/// One change of a ref that a push asks for.
struct ReceivedUpdate: Equatable, Sendable {
    let ref: String
    /// Nil where the ref is not there.
    let old: String?
    /// Nil deletes it.
    let new: String?

    init?(_ line: String) {
        let parts = line.split(separator: " ", maxSplits: 2).map(String.init)
        guard parts.count == 3 else { return nil }
        ref = parts[2]
        old = parts[0].allSatisfy { $0 == "0" } ? nil : parts[0]
        new = parts[1].allSatisfy { $0 == "0" } ? nil : parts[1]
    }
}

/// What becomes of one ref, as git is told.
enum ReceiveAnswer: Equatable, Sendable {
    /// It has been changed by us.
    case done
    /// git shall change it itself, with its own hooks and checks.
    case fallThrough
    case refused(String)
}

/// The conversation between `git receive-pack` and the hook `proc-receive` (githooks, proc-receive).
struct ReceiveSession {
    let updates: [ReceivedUpdate]
    /// Whether all refs are to change or none.
    let isAtomic: Bool

    /// Reads the whole question, and answers its greeting.
    init(_ reader: inout PacketReader, write: ([UInt8]) -> Void) throws {
        let greeting = try reader.section().first ?? []
        let parts = greeting.split(separator: 0, maxSplits: 1)
        guard parts.first?.elementsEqual("version=1".utf8) == true else { throw PacketReader.Malformed() }
        let features = parts.count > 1 ? String(decoding: parts[1], as: UTF8.self).split(separator: " ") : []
        // Push options say nothing that the record does not say, so they are not asked for.
        write(PacketLine.packet(Array("version=1\0".utf8)) + PacketLine.flush)
        isAtomic = features.contains("atomic")
        updates = try reader.section().map { line throws(PacketReader.Malformed) in
            guard let update = ReceivedUpdate(String(decoding: line, as: UTF8.self)) else {
                throw PacketReader.Malformed()
            }
            return update
        }
    }

    /// The answers in git's form, in the order of the updates.
    func report(_ answers: [String: ReceiveAnswer]) -> [UInt8] {
        updates.flatMap { update -> [UInt8] in
            switch answers[update.ref] ?? .refused("not tried") {
            case .done: PacketLine.packet(Array("ok \(update.ref)".utf8))
            case .fallThrough:
                PacketLine.packet(Array("ok \(update.ref)".utf8))
                    + PacketLine.packet(Array("option fall-through".utf8))
            case .refused(let why):
                PacketLine.packet(Array("ng \(update.ref) \(printable(why).prefix(400))".utf8))
            }
        } + PacketLine.flush
    }
}
