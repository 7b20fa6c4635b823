internal import FoundationEssentials

/// RFC 4648 base64, as Basic authentication uses it.
enum Base64 {
    static func decode(_ text: String) -> [UInt8]? { Data(base64Encoded: text).map(Array.init) }
}
