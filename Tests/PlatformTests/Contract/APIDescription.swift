import Foundation
import Yams

/// docs/openapi.yaml, and whether an answer is one that it describes.
struct APIDescription: Sendable {
    /// A method of a path.
    struct Operation: Sendable {
        let method: String
        let template: String
        fileprivate let content: JSON

        var name: String { "\(method) \(template)" }
    }

    /// The checkout that this test was compiled from.
    static let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().path

    let document: JSON
    let operations: [Operation]

    static func load() throws -> APIDescription {
        let text = try String(contentsOfFile: checkout + "/docs/openapi.yaml", encoding: .utf8)
        return try APIDescription(document: JSON(try Yams.load(yaml: text) ?? NSNull()))
    }

    private init(document: JSON) throws {
        self.document = document
        operations = (document["paths"]?.members ?? [:]).flatMap { template, methods in
            methods.members.filter { $0.key != "parameters" }
                .map { Operation(method: $0.key.uppercased(), template: template, content: $0.value) }
        }
    }

    /// The operation that a request asks for: the one whose path has the most words in common.
    func operation(for request: WebRequest) -> Operation? {
        let path = request.target.prefix { $0 != "?" }
        return operations.filter { $0.method == request.method && Self.matches($0.template, String(path)) }
            .min { $0.template.count { $0 == "{" } < $1.template.count { $0 == "{" } }
    }

    private static func matches(_ template: String, _ path: String) -> Bool {
        let template = template.split(separator: "/")
        let path = path.split(separator: "/")
        return template.count == path.count
            && zip(template, path).allSatisfy { wanted, found in
                wanted.hasPrefix("{") ? found.hasSuffix(wanted.drop { $0 != "}" }.dropFirst()) : wanted == found
            }
    }

    /// What the answer has that the description does not allow; empty when it fits.
    func violations(of answer: WebAnswer, to request: WebRequest) -> [String] {
        guard let operation = operation(for: request) else {
            let isProblem = answer.mediaType == "application/problem+json" && [401, 404].contains(answer.status)
            return isProblem ? [] : ["this path and method are not described"]
        }
        let responses = operation.content["responses"]?.members ?? [:]
        guard let response = responses["\(answer.status)"] ?? responses["\(answer.status / 100)XX"] else {
            return ["this status is not described"]
        }
        let described = resolve(response)
        return headerViolations(of: answer, described)
            + contentViolations(of: answer, described, isHead: request.method == "HEAD")
    }

    private func headerViolations(of answer: WebAnswer, _ response: JSON) -> [String] {
        (response["headers"]?.members ?? [:]).flatMap { name, header -> [String] in
            guard let value = answer.headers[name.lowercased()] else { return ["the header \(name) is missing"] }
            return Schema(document: document).violations(
                of: .string(value), resolve(header)["schema"] ?? .null, at: name)
        }
    }

    private func contentViolations(of answer: WebAnswer, _ response: JSON, isHead: Bool) -> [String] {
        let content = response["content"]?.members ?? [:]
        if content.isEmpty { return answer.body.isEmpty ? [] : ["there is a body"] }
        guard let type = answer.mediaType, let described = content[type] else {
            return ["the content type \(answer.mediaType ?? "-") is not described"]
        }
        guard !isHead, let schema = described["schema"], schema["format"]?.string != "binary" else { return [] }
        return answer.documents.flatMap { bytes -> [String] in
            guard let value = try? JSON(parsing: bytes) else {
                return ["'\(String(decoding: bytes, as: UTF8.self))' is not JSON"]
            }
            return Schema(document: document).violations(of: value, schema, at: "")
                + codeViolations(of: value, response)
        }
    }

    /// Holds the codes of an error against those that the response may carry.
    private func codeViolations(of value: JSON, _ response: JSON) -> [String] {
        guard let codes = response["x-codes"]?.elements else { return [] }
        let found = [value["code"]].compactMap { $0 } + (value["errors"]?.elements.compactMap { $0["code"] } ?? [])
        return found.filter { !codes.contains($0) }.map { "the code \($0.string ?? "") is not described" }
    }

    private func resolve(_ value: JSON) -> JSON { Schema(document: document).resolve(value) }
}

extension WebAnswer {
    /// The JSON documents in the body: one, or one in each line or event of a stream.
    fileprivate var documents: [[UInt8]] {
        switch mediaType {
        case "application/jsonl": text.split(separator: "\n").map { Array($0.utf8) }
        case "text/event-stream":
            text.split(separator: "\n").filter { $0.hasPrefix("data: ") }.map { Array($0.dropFirst(6).utf8) }
        default: [body]
        }
    }
}
