import Foundation
import Testing

/// JSON as it crosses the network: keys sorted, no white space.
enum Wire {
    static func text(_ value: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }

    static func value<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(text.utf8))
    }

    /// Holds a value against its text, both ways.
    static func expect<Value: Codable & Equatable>(
        _ value: Value, is text: String, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        #expect(try Self.text(value) == text, sourceLocation: sourceLocation)
        #expect(try Self.value(Value.self, text) == value, sourceLocation: sourceLocation)
    }
}
