import Foundation

/// One table of a Markdown text, as its cells.
struct MarkdownTable {
    let rows: [[String]]

    /// Finds the table with exactly these column titles; `nil` when the text has none.
    init?(columns: [String], in text: String) {
        let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
        guard let header = lines.firstIndex(where: { Self.cells(of: $0) == columns }) else { return nil }
        rows = lines[(header + 1)...].dropFirst().prefix { $0.hasPrefix("|") }.map(Self.cells)
    }

    /// The words that a cell sets in code style: `` `GitCore`, `Yams` `` gives `["GitCore", "Yams"]`.
    static func names(in cell: String) -> Set<String> {
        Set(cell.matches(of: /`([^`]+)`/).map { String($0.1) })
    }

    private static func cells(of line: Substring) -> [String] {
        guard line.hasPrefix("|") else { return [] }
        return line.dropFirst().split(separator: "|").map { $0.trimmingCharacters(in: .whitespaces) }
    }
}
