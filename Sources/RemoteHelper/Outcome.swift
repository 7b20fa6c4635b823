/// What the program has to do after one line from git.
package enum Outcome: Sendable, Equatable {
    /// Write exactly these bytes to git now.
    case reply([UInt8])

    /// Answer with a ``RefAdvertisement``; `forPush` leaves `HEAD` out of it.
    case list(forPush: Bool)

    /// Carry out the batch, answer one ``PushReply`` per destination, then an empty line.
    case push(PushBatch)

    /// Bring these objects here, then answer an empty line. No request is there twice.
    case fetch([FetchRequest])

    /// Connect to `service` and answer an empty line, after which stdin and stdout carry git's own protocol;
    /// or answer `fallback` and go on with the session.
    case statelessConnect(service: String)

    /// Start `service` at the remote and answer an empty line, after which stdin and stdout carry git's own protocol.
    case connect(service: String)

    /// git has nothing more to ask.
    case finished

    /// git, or something in its place, broke the protocol: nothing pending may be carried out, the program ends.
    case protocolError(String)
}

/// One `fetch <object id> <name>` line.
package struct FetchRequest: Sendable, Hashable {
    /// The hex object id, 40 or 64 digits.
    package var objectID: String

    /// The ref name, byte for byte, or an object id where git asks for an object that no ref names.
    package var name: [UInt8]

    /// Makes a request from its two words.
    package init(objectID: String, name: [UInt8]) {
        self.objectID = objectID
        self.name = name
    }
}
