/// The part of JSON Schema that docs/openapi.yaml uses; members that a schema does not list are violations.
struct Schema: Sendable {
    let document: JSON

    /// The value itself, or what its `$ref` names in the document.
    func resolve(_ value: JSON) -> JSON {
        guard let reference = value["$ref"]?.string else { return value }
        return reference.split(separator: "/").dropFirst().reduce(document) { $0[String($1)] ?? .null }
    }

    /// What is wrong with the value, each with the place in it; empty when it fits.
    func violations(of value: JSON, _ schema: JSON, at place: String) -> [String] {
        let schema = resolve(schema)
        guard case .object = schema else { return ["\(place): there is no schema"] }
        let wrong = typeViolations(of: value, schema) + valueViolations(of: value, schema)
        return wrong.map { "\(place): \($0)" } + memberViolations(of: value, schema, at: place)
    }

    private func typeViolations(of value: JSON, _ schema: JSON) -> [String] {
        guard let type = schema["type"] else { return [] }
        let allowed = Set((type.string.map { [$0] } ?? []) + type.elements.compactMap(\.string))
        return allowed.isDisjoint(with: value.types) ? ["it is none of \(allowed.sorted())"] : []
    }

    private func valueViolations(of value: JSON, _ schema: JSON) -> [String] {
        var wrong: [String] = []
        if let allowed = schema["enum"]?.elements, !allowed.contains(value) { wrong.append("\(value) is not listed") }
        if let constant = schema["const"], constant != value { wrong.append("\(value) is not \(constant)") }
        if let pattern = schema["pattern"]?.string, let text = value.string,
            (try? Regex(pattern).firstMatch(in: text)) == nil
        {
            wrong.append("'\(text)' does not match \(pattern)")
        }
        if let number = value.number {
            if let minimum = schema["minimum"]?.number, number < minimum { wrong.append("\(number) is too small") }
            if let maximum = schema["maximum"]?.number, number > maximum { wrong.append("\(number) is too large") }
        }
        return wrong
    }

    private func memberViolations(of value: JSON, _ schema: JSON, at place: String) -> [String] {
        if case .array(let elements) = value, let items = schema["items"] {
            return elements.enumerated().flatMap { violations(of: $1, items, at: "\(place)[\($0)]") }
        }
        guard case .object(let members) = value, let properties = schema["properties"] ?? schema["additionalProperties"]
        else { return [] }
        let isMap = schema["properties"] == nil
        let missing = (schema["required"]?.elements.compactMap(\.string) ?? []).filter { members[$0] == nil }
        return missing.map { "\(place): '\($0)' is missing" }
            + members.sorted { $0.key < $1.key }.flatMap { name, member -> [String] in
                guard let schema = isMap ? properties : properties[name] else {
                    return ["\(place): '\(name)' is not described"]
                }
                return violations(of: member, schema, at: "\(place).\(name)")
            }
    }
}
