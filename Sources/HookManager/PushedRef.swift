package import Diagnostics
package import GitCore

/// One line that git writes to a pre-push hook (githooks(5)).
package struct PushedRef: Sendable, Equatable {
    /// What is pushed, as the user called it; may be any revision.
    package let source: String
    package let new: ObjectID
    package let destination: String
    /// What the remote has, as far as this repository knows; zero for nothing.
    package let old: ObjectID

    /// Whether the push removes the ref.
    package var isDeletion: Bool { new.isZero }

    /// The branch that is updated on the remote; nil for tags and other refs.
    package var branch: String? {
        destination.hasPrefix("refs/heads/") ? String(destination.dropFirst("refs/heads/".count)) : nil
    }

    /// Reads the whole input of a hook.
    ///
    /// - Throws: `CONFIG_INVALID` for a line that git would not write, and for object ids that are no SHA-1.
    package static func parse(_ input: [UInt8]) throws(UserError) -> [PushedRef] {
        var refs: [PushedRef] = []
        for line in input.split(separator: UInt8(ascii: "\n")) {
            guard let ref = PushedRef(line: line) else {
                throw UserError(
                    .configInvalid,
                    "git gave the hook a line that it cannot read: '\(String(decoding: line, as: UTF8.self))'",
                    hint: "push from a repository with SHA-1 object ids")
            }
            refs.append(ref)
        }
        return refs
    }

    /// The source may hold spaces, so the line is taken apart from its end.
    private init?(line: ArraySlice<UInt8>) {
        let space = UInt8(ascii: " ")
        var rest = line
        var fields: [String] = []
        for _ in 0..<3 {
            guard let position = rest.lastIndex(of: space) else { return nil }
            fields.append(String(decoding: rest[(position + 1)...], as: UTF8.self))
            rest = rest[..<position]
        }
        guard let old = ObjectID(hex: fields[0]), let new = ObjectID(hex: fields[2]), !rest.isEmpty else { return nil }
        self.init(source: String(decoding: rest, as: UTF8.self), new: new, destination: fields[1], old: old)
    }

    package init(source: String, new: ObjectID, destination: String, old: ObjectID) {
        self.source = source
        self.new = new
        self.destination = destination
        self.old = old
    }
}
