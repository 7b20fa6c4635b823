/// Holds the files of one git tree as a value: names, kinds, sizes and blob ids, no contents.
package struct SourceTree: Hashable, Sendable {
    /// The entries of the root, in any order.
    package var nodes: [Node]

    package init(_ nodes: [Node]) {
        self.nodes = nodes
    }

    /// One entry of a directory.
    package struct Node: Hashable, Sendable {
        /// The name within its directory, as git stores it: bytes without `/` and NUL.
        package var name: [UInt8]
        package var kind: Kind
        /// The size of the blob in bytes; 0 for a directory.
        package var size: Int64
        /// The blob id in hexadecimal digits, opaque here; empty for a directory.
        package var content: String
        /// Whether the file's time follows from its content, see ``LayerPlan/Entry/hasTimeOfContent``.
        package var hasTimeOfContent: Bool

        package init(name: [UInt8], kind: Kind, size: Int64, content: String, hasTimeOfContent: Bool = false) {
            self.name = name
            self.kind = kind
            self.size = size
            self.content = content
            self.hasTimeOfContent = hasTimeOfContent
        }

        /// Makes a directory.
        package static func directory(name: [UInt8], _ nodes: [Node]) -> Node {
            Node(name: name, kind: .directory(nodes), size: 0, content: "")
        }

        /// Tells whether the entry comes before the other in git's order, where a directory compares as its name and `/`.
        func precedes(_ other: Node) -> Bool {
            sortKey.lexicographicallyPrecedes(other.sortKey)
        }

        private var sortKey: [UInt8] {
            if case .directory = kind { name + [UInt8(ascii: "/")] } else { name }
        }
    }

    /// What an entry is.
    package enum Kind: Hashable, Sendable {
        case directory([Node])
        case file(executable: Bool)
        case symlink
    }
}
