/// Decides whether a name from a tree may become a file's name, as git does with `core.protectHFS` and
/// `core.protectNTFS` on: a tree that is safe here is safe wherever the snapshot is copied to.
enum SnapshotName {
    /// Whether the name stays in its folder and is not read as `.git` by any common file system.
    static func isSafe(_ name: [UInt8]) -> Bool {
        if name.isEmpty || name == Array(".".utf8) || name == Array("..".utf8) { return false }
        if name.contains(UInt8(ascii: "/")) || name.contains(0) { return false }
        // NTFS takes a backslash for a slash.
        return !name.split(separator: UInt8(ascii: "\\")).contains { part in
            part.elementsEqual("..".utf8) && part.count < name.count || isGitOnNTFS(part) || isGitOnHFS(part)
        }
    }

    /// `.git` or its short name, followed by nothing but spaces, dots and the name of a stream.
    private static func isGitOnNTFS(_ part: ArraySlice<UInt8>) -> Bool {
        let stem = part.prefix { $0 != UInt8(ascii: ":") }
        let ignored: [UInt8] = [UInt8(ascii: " "), UInt8(ascii: ".")]
        let end = stem.lastIndex { !ignored.contains($0) }.map { $0 + 1 } ?? stem.startIndex
        let trimmed = String(decoding: stem[..<end], as: UTF8.self).lowercased()
        return trimmed == ".git" || trimmed == "git~1"
    }

    /// `.git` once the code points that HFS+ ignores are gone.
    private static func isGitOnHFS(_ part: ArraySlice<UInt8>) -> Bool {
        let scalars = String(decoding: part, as: UTF8.self).unicodeScalars.filter { !isIgnoredOnHFS($0.value) }
        return String(String.UnicodeScalarView(scalars)).lowercased() == ".git"
    }

    private static func isIgnoredOnHFS(_ scalar: UInt32) -> Bool {
        switch scalar {
        case 0x200C...0x200F, 0x202A...0x202E, 0x206A...0x206F, 0xFEFF: true
        default: false
        }
    }
}
