import Foundation

/// The codes and exit statuses that `ErrorCode.swift` defines, and those that `docs/errors.md` explains.
enum ErrorCodes {
    /// Reads the raw values and the `exitStatus` switch; a code whose status is not found there has none.
    static func defined(in source: String) -> [String: Int?] {
        var statuses: [Substring: Int] = [:]
        if let property = source.range(of: "var exitStatus") {
            let body = source[property.upperBound...].prefix { $0 != "}" }
            for match in body.matches(of: /case ([^:]+):\s*(\d+)/) {
                for name in match.1.matches(of: /\.(\w+)/) { statuses[name.1] = Int(match.2) }
            }
        }
        let cases = source.matches(of: /case `?(\w+)`? = "([A-Z_]+)"/)
        return Dictionary(uniqueKeysWithValues: cases.map { (String($0.2), statuses[$0.1]) })
    }

    /// Reads the table of the documentation; `nil` when there is none.
    static func documented(in text: String) -> [String: Int?]? {
        let columns = ["code", "exit status", "what it means", "what to do"]
        guard let table = MarkdownTable(columns: columns, in: text) else { return nil }
        let rows = table.rows.filter { $0.count == columns.count }
            .compactMap { row in MarkdownTable.names(in: row[0]).first.map { ($0, Int(row[1])) } }
        return Dictionary(rows) { first, _ in first }
    }
}
