/// Lists what one layer will hold.
package struct LayerPlan: Hashable, Sendable {
    /// The entries, sorted by the bytes of their paths.
    package let entries: [Entry]

    package init(_ entries: [Entry]) {
        self.entries = entries.sorted { $0.path.lexicographicallyPrecedes($1.path) }
    }

    /// A file or a symbolic link; directories follow from the paths.
    package struct Entry: Hashable, Sendable {
        /// The path from the root of the tree, without a leading `/`.
        package var path: [UInt8]
        package var kind: Kind
        /// The size of the content in bytes.
        package var size: Int64
        /// The blob id of the file's content or the link's target.
        package var content: String
        /// Whether the file's time follows from its blob id instead of being the constant.
        ///
        /// Static servers tell a changed file by its time; so it changes with the content and with nothing else.
        package var hasTimeOfContent: Bool

        package init(path: [UInt8], kind: Kind, size: Int64, content: String, hasTimeOfContent: Bool = false) {
            self.path = path
            self.kind = kind
            self.size = size
            self.content = content
            self.hasTimeOfContent = hasTimeOfContent
        }

        /// The time in seconds since 1970: the constant, or as many seconds later as the blob id's first 29 bits say.
        var time: Int64 {
            guard hasTimeOfContent, let bits = UInt32(content.prefix(8), radix: 16) else { return TarHeader.time }
            return TarHeader.time + Int64(bits >> 3)
        }
    }

    /// What an entry is.
    package enum Kind: Hashable, Sendable {
        case file(executable: Bool)
        case symlink

        /// The mode that git's trees give it.
        var gitMode: String {
            switch self {
            case .file(executable: false): "100644"
            case .file(executable: true): "100755"
            case .symlink: "120000"
            }
        }
    }
}
