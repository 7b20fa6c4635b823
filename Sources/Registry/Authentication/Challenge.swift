/// What a registry wants to see before it answers (RFC 9110, 11.6.1): a scheme and its parameters.
struct Challenge: Equatable {
    let scheme: String
    let parameters: [String: String]

    /// Reads all challenges of `WWW-Authenticate` headers; values may be quoted or not, one header may hold several.
    static func all(_ headers: [String]) -> [Challenge] { headers.flatMap(parse) }

    private static func parse(_ text: String) -> [Challenge] {
        var challenges: [Challenge] = []
        var rest = text[...]
        func skip(_ characters: String) { rest = rest.drop { characters.contains($0) } }
        while true {
            skip(" ,\t")
            let word = rest.prefix { !" ,=\t".contains($0) }
            guard !word.isEmpty else { return challenges }
            rest = rest.dropFirst(word.count)
            skip(" \t")
            guard rest.first == "=", let last = challenges.popLast() else {
                challenges.append(Challenge(scheme: word.lowercased(), parameters: [:]))
                continue
            }
            rest = rest.dropFirst()
            skip(" \t")
            var value = ""
            if rest.first == "\"" {
                rest = rest.dropFirst()
                while let character = rest.popFirst(), character != "\"" {
                    if character == "\\", let quoted = rest.popFirst() {
                        value.append(quoted)
                    } else {
                        value.append(character)
                    }
                }
            } else {
                let bare = rest.prefix { !" ,\t".contains($0) }
                value = String(bare)
                rest = rest.dropFirst(bare.count)
            }
            var parameters = last.parameters
            parameters[word.lowercased()] = value
            challenges.append(Challenge(scheme: last.scheme, parameters: parameters))
        }
    }
}
