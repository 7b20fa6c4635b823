/// The answer to `list`: what the remote has.
package struct RefAdvertisement: Sendable, Equatable {
    /// One remote ref.
    package struct Ref: Sendable, Equatable {
        /// The hex object id; of an annotated tag its own, not that of the commit.
        package var objectID: String

        /// The full ref name.
        package var name: String

        /// Makes a ref.
        package init(objectID: String, name: String) {
            self.objectID = objectID
            self.name = name
        }
    }

    /// The hash function that object ids are made with.
    package enum ObjectFormat: String, Sendable {
        /// 40 hex digits.
        case sha1
        /// 64 hex digits.
        case sha256
    }

    /// The refs, in the order to send.
    package var refs: [Ref]

    /// The full name of the branch that the remote's `HEAD` stands for; nil in an answer to `list for-push`, where git
    /// would take an advertised `HEAD` for a ref to push to.
    package var head: String?

    /// Makes an advertisement.
    package init(refs: [Ref], head: String? = nil) {
        self.refs = refs
        self.head = head
    }

    /// Returns the lines with their closing empty line; `objectFormat` is for a git that asked for it.
    ///
    /// `HEAD` is sent when its branch is. Left out is what the protocol cannot carry: refs whose name or object id is
    /// malformed, peeled tags (`^{}`), which git would store by that name, and a ref called `HEAD`.
    package func lines(objectFormat: ObjectFormat? = nil) -> [UInt8] {
        let sent = refs.filter(Self.canBeSent)
        var text = objectFormat.map { ":object-format \($0.rawValue)\n" } ?? ""
        if let head, sent.contains(where: { $0.name == head }) {
            text += "@\(head) HEAD\n"
        }
        for ref in sent {
            text += "\(ref.objectID) \(ref.name)\n"
        }
        return Array((text + "\n").utf8)
    }

    private static func canBeSent(_ ref: Ref) -> Bool {
        HexObjectID.validated(ref.objectID.utf8) != nil && RefName.validated(ref.name.utf8) != nil
            && ref.name.hasPrefix("refs/") && !ref.name.hasSuffix("^{}")
    }
}
