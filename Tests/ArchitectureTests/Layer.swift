/// What the table of ARCHITECTURE.md promises about one target.
struct Layer: Equatable {
    let level: Int
    let name: String
    let mayImport: Set<String>

    /// Reads the target table; `nil` when the text has none or a row of it is not understood.
    static func all(in architecture: String) -> [Layer]? {
        let columns = ["level", "target", "its one duty", "may import"]
        guard let table = MarkdownTable(columns: columns, in: architecture) else { return nil }
        var layers: [Layer] = []
        for row in table.rows {
            guard row.count == columns.count, let level = Int(row[0]) else { return nil }
            guard let name = MarkdownTable.names(in: row[1]).first else { return nil }
            layers.append(Layer(level: level, name: name, mayImport: MarkdownTable.names(in: row[3])))
        }
        return layers
    }
}
