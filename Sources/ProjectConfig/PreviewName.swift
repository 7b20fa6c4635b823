/// The name of the preview environment of a branch: a DNS label of at most 40 characters.
enum PreviewName {
    private static let digits = 6

    /// Returns the branch's own name where it is a good one, else the nearest label and six hex digits of a hash.
    ///
    /// The same branch has the same name for ever. A name that looks like one with a hash gets a hash too, so that no
    /// two branches share a name but by a collision of the hash.
    static func make(branch: String, taken: Set<String>) -> String {
        let isOwnName = DNSLabel.isValid(branch, maximumLength: EnvironmentRule.maximumNameLength)
        if isOwnName && !taken.contains(branch) && !endsWithHash(branch) { return branch }
        let room = EnvironmentRule.maximumNameLength - digits - 1
        let label = DNSLabel.nearest(to: String(DNSLabel.nearest(to: branch).prefix(room)))
        var hashed = branch
        while true {
            let name = "\(label.isEmpty ? "preview" : label)-\(hash(hashed))"
            if !taken.contains(name) { return name }
            hashed += "\0"
        }
    }

    private static func endsWithHash(_ name: String) -> Bool {
        let tail = name.utf8.suffix(digits + 1)
        return tail.count == digits + 1 && tail.first == UInt8(ascii: "-")
            && tail.dropFirst().allSatisfy { UnicodeScalar($0).properties.isASCIIHexDigit }
    }

    /// 64-bit FNV-1a, folded to 24 bits: the same on every machine, unlike `Hasher`.
    private static func hash(_ text: String) -> String {
        let wide = text.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        let folded = (wide ^ (wide >> 24) ^ (wide >> 48)) & 0xFF_FFFF
        let hex = String(folded, radix: 16)
        return String(repeating: "0", count: digits - hex.count) + hex
    }
}
