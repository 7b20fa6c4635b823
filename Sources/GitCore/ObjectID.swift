internal import CGit2

/// Names a git object by its SHA-1 hash.
public struct ObjectID: Hashable, Comparable, Sendable, CustomStringConvertible {
    // Big-endian words, so that comparing them compares the bytes.
    private let high: UInt64
    private let middle: UInt64
    private let low: UInt32

    /// The id of no object: “absent” in ref updates.
    public static let zero = ObjectID(high: 0, middle: 0, low: 0)

    private init(high: UInt64, middle: UInt64, low: UInt32) {
        (self.high, self.middle, self.low) = (high, middle, low)
    }

    /// Parses exactly 40 hexadecimal digits, of either case.
    public init?(hex: some StringProtocol) {
        // Generic code runs unspecialised in other modules, and there are as many ids as files.
        var text = String(hex)
        guard let id = text.withUTF8({ Self(digits: $0) }) else { return nil }
        self = id
    }

    private init?(digits: UnsafeBufferPointer<UInt8>) {
        guard digits.count == 40 else { return nil }
        var words: (UInt64, UInt64, UInt64) = (0, 0, 0)
        for index in 0..<40 {
            guard let digit = Self.value(ofDigit: digits[index]) else { return nil }
            switch index {
            case ..<16: words.0 = words.0 << 4 | digit
            case ..<32: words.1 = words.1 << 4 | digit
            default: words.2 = words.2 << 4 | digit
            }
        }
        self.init(high: words.0, middle: words.1, low: UInt32(words.2))
    }

    private static func value(ofDigit byte: UInt8) -> UInt64? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt64(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt64(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt64(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }

    /// The 40 lower-case hexadecimal digits.
    public var hex: String { abbreviated(40) }

    /// The first digits of the id; not promised to be unique in a repository.
    public func abbreviated(_ digits: Int = 7) -> String {
        let count = min(max(digits, 0), 40)
        return String(unsafeUninitializedCapacity: 40) { buffer in
            for index in 0..<count {
                let digit = nibble(at: index)
                buffer[index] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
            }
            return count
        }
    }

    private func nibble(at index: Int) -> UInt8 {
        switch index {
        case ..<16: UInt8(high >> (60 - 4 * UInt64(index)) & 15)
        case ..<32: UInt8(middle >> (60 - 4 * UInt64(index - 16)) & 15)
        default: UInt8(low >> (28 - 4 * UInt32(index - 32)) & 15)
        }
    }

    /// Whether this is the id of no object.
    public var isZero: Bool { self == .zero }

    /// The 40 lower-case hexadecimal digits.
    public var description: String { hex }

    /// Orders ids by their bytes, as git does.
    public static func < (left: ObjectID, right: ObjectID) -> Bool {
        (left.high, left.middle, left.low) < (right.high, right.middle, right.low)
    }
}

extension ObjectID {
    init(_ oid: git_oid) {
        self = withUnsafeBytes(of: oid) { bytes in
            ObjectID(
                high: UInt64(bigEndian: bytes.loadUnaligned(as: UInt64.self)),
                middle: UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)),
                low: UInt32(bigEndian: bytes.loadUnaligned(fromByteOffset: 16, as: UInt32.self)))
        }
    }

    var oid: git_oid {
        var oid = git_oid()
        withUnsafeMutableBytes(of: &oid) { bytes in
            bytes.storeBytes(of: high.bigEndian, as: UInt64.self)
            bytes.storeBytes(of: middle.bigEndian, toByteOffset: 8, as: UInt64.self)
            bytes.storeBytes(of: low.bigEndian, toByteOffset: 16, as: UInt32.self)
        }
        return oid
    }
}
