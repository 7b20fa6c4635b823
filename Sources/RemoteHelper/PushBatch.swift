/// The `push` lines that git sent together, with the options that hold for them alone.
package struct PushBatch: Sendable, Equatable {
    /// In git's order; no destination occurs twice.
    package var updates: [PushCommand]

    /// What git said about this batch.
    package var options: PushOptions

    /// Makes a batch.
    package init(updates: [PushCommand], options: PushOptions = PushOptions()) {
        self.updates = updates
        self.options = options
    }
}

/// One `push [+]<source>:<destination>` line.
package struct PushCommand: Sendable, Equatable {
    /// The revision as the user typed it, spaces and colons included; nil deletes the destination.
    package var source: [UInt8]?

    /// The full name of the remote ref.
    package var destination: String

    /// True for `+`; a lease permits a forced update too and comes without it.
    package var force: Bool

    /// Makes a command.
    package init(source: [UInt8]?, destination: String, force: Bool = false) {
        self.source = source
        self.destination = destination
        self.force = force
    }

    /// Reads what follows `push ` in a line; nil when it names no destination.
    ///
    /// The last colon divides, because a revision may hold colons (`:/fix`, `main:path`) and a ref name may not.
    init?(refspec: some Collection<UInt8>) {
        let bytes = Array(refspec)
        let force = bytes.first == UInt8(ascii: "+")
        let spec = force ? bytes.dropFirst() : bytes[...]
        guard let colon = spec.lastIndex(of: UInt8(ascii: ":")),
            let destination = RefName.validated(spec[(colon + 1)...])
        else { return nil }
        let source = spec[..<colon]
        self.init(source: source.isEmpty ? nil : Array(source), destination: destination, force: force)
    }
}

/// What git's push options said; see `gitremote-helpers(7)`, OPTIONS.
package struct PushOptions: Sendable, Equatable {
    /// Check and report everything, change nothing.
    package var dryRun = false

    /// All updates or none.
    package var atomic = false

    /// git has looked at its reflog already; there is nothing more to do.
    package var forceIfIncludes = false

    /// The values of `git push -o`, in order, repetitions kept.
    package var pushOptions: [String] = []

    /// What `--force-with-lease` expects of each leased ref. A lease permits a forced update when it holds.
    package var leases: [String: LeaseValue] = [:]

    /// 0 is `--quiet`, 1 the default, 2 and more `-v`.
    package var verbosity = 1

    /// True when progress may be drawn on stderr.
    package var progress = false

    /// The program that receives the push at the remote, where the user named one (`--receive-pack`).
    package var servicePath: String?

    /// Makes options that ask for nothing.
    package init() {}
}

/// What a lease expects the remote ref to be.
package enum LeaseValue: Sendable, Equatable {
    /// The ref is at this hex object id.
    case oid(String)

    /// The ref does not exist.
    case mustNotExist
}

/// The part of git's rules for ref names that keeps the line protocol whole (`git-check-ref-format`).
enum RefName {
    /// Returns the name as text, or nil when it is empty, not UTF-8, or has a space, a colon or a control character.
    static func validated(_ bytes: some Collection<UInt8>) -> String? {
        guard !bytes.isEmpty, bytes.allSatisfy({ $0 > 0x20 && $0 != 0x7F && $0 != UInt8(ascii: ":") }) else {
            return nil
        }
        return String(validating: bytes, as: UTF8.self)
    }
}

/// The text form of an object id.
enum HexObjectID {
    /// Returns the text when it is 40 or 64 hex digits.
    static func validated(_ bytes: some Collection<UInt8>) -> String? {
        guard bytes.count == 40 || bytes.count == 64,
            bytes.allSatisfy({ UnicodeScalar($0).properties.isASCIIHexDigit })
        else { return nil }
        return String(decoding: bytes, as: UTF8.self)
    }
}
