internal import FoundationEssentials

/// Writes JSON as the same bytes every time: sorted keys, no white space, slashes as they are.
package enum CanonicalJSON {
    /// Encodes the value; throws `EncodingError` when it cannot be JSON.
    package static func encode(_ value: some Encodable) throws -> [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return [UInt8](try encoder.encode(value))
    }

    /// Decodes any JSON, canonical or not; throws `DecodingError`.
    package static func decode<Value: Decodable>(_ type: Value.Type, from bytes: some Sequence<UInt8>) throws -> Value {
        try JSONDecoder().decode(type, from: Data(bytes))
    }
}
