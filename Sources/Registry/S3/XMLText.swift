/// Answers in XML, as far as S3's need reading: the text of elements that hold nothing else.
struct XMLText {
    private let text: String

    init(_ bytes: [UInt8]) {
        text = String(decoding: bytes, as: UTF8.self)
    }

    /// The text of the first element of this name.
    subscript(_ name: String) -> String? {
        guard let start = text.firstRange(of: "<\(name)>"),
            let end = text[start.upperBound...].firstRange(of: "</\(name)>")
        else { return nil }
        var value = String(text[start.upperBound..<end.lowerBound])
        for (entity, character) in [("&quot;", "\""), ("&lt;", "<"), ("&gt;", ">"), ("&#34;", "\""), ("&amp;", "&")] {
            value = value.split(separator: entity, omittingEmptySubsequences: false).joined(separator: character)
        }
        return value
    }

    /// The text of every element of this name, in order.
    func all(_ name: String) -> [String] {
        text.split(separator: "<\(name)>").dropFirst().compactMap { rest in
            XMLText(Array("<\(name)>\(rest)".utf8))[name]
        }
    }

    static func escape(_ text: String) -> String {
        text.map { character in
            switch character {
            case "<": "&lt;"
            case ">": "&gt;"
            case "&": "&amp;"
            case "\"": "&quot;"
            default: String(character)
            }
        }.joined()
    }
}
