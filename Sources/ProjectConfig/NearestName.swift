/// Finds the name that somebody probably meant.
enum NearestName {
    /// Returns `did you mean '…'?`, or the list of all names when none is near.
    static func suggestion(for name: String, among known: [String]) -> String {
        guard let best = nearest(to: name, among: known) else {
            return "the keys here are \(known.map { "'\($0)'" }.joined(separator: ", "))"
        }
        return "did you mean '\(best)'?"
    }

    /// Returns the known name with the fewest edits, if they are few; the earlier one where two are as near.
    static func nearest(to name: String, among known: [String]) -> String? {
        let name = String(name.prefix(64)).lowercased()
        let near = known.map { (name: $0, distance: distance(name, $0)) }
            .filter { $0.distance <= max(1, max(name.count, $0.name.count) / 3) }
            .min { $0.distance < $1.distance }
        return near?.name ?? known.first { min(name.count, $0.count) > 2 && ($0.hasPrefix(name) || name.hasPrefix($0)) }
    }

    /// The least number of insertions, deletions and replacements (Levenshtein).
    static func distance(_ left: String, _ right: String) -> Int {
        let right = Array(right)
        var previous = Array(0...right.count)
        for (row, character) in left.enumerated() {
            var current = [row + 1]
            for (column, other) in right.enumerated() {
                let replaced = previous[column] + (character == other ? 0 : 1)
                current.append(min(replaced, previous[column + 1] + 1, current[column] + 1))
            }
            previous = current
        }
        return previous[right.count]
    }
}
