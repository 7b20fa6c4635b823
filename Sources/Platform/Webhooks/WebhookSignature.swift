internal import Crypto
internal import FoundationEssentials

/// The key of a webhook, and what it signs (Standard Webhooks 1.0, standard-webhooks.md, "Signature scheme").
struct WebhookKey: Sendable {
    /// How many bytes of a secret are a key.
    static let length = 16...256

    private static let mark = "whsec_"
    private let bytes: [UInt8]

    /// The bytes that `whsec_` and base64 stand for, or those of the text itself; nil when they are no key.
    init?(_ secret: String) {
        let bytes =
            secret.hasPrefix(Self.mark)
            ? Base64.decode(String(secret.dropFirst(Self.mark.count))) : Array(secret.utf8)
        guard let bytes, Self.length.contains(bytes.count) else { return nil }
        self.bytes = bytes
    }

    /// The value of `webhook-signature` for a message that is sent at `timestamp`, in seconds since 1970.
    func signature(id: String, timestamp: Int, body: [UInt8]) -> String {
        let signed = Array("\(id).\(timestamp).".utf8) + body
        let code = HMAC<SHA256>.authenticationCode(for: signed, using: SymmetricKey(data: bytes))
        return "v1," + Data(code).base64EncodedString()
    }
}
