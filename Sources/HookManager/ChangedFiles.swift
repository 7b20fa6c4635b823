internal import GitCore

extension Repository {
    /// Whether any file that differs between two trees is wanted; without an old tree every file differs.
    ///
    /// Stops at the first one, and does not look into folders that are the same.
    func differs(
        from old: ObjectID?, to new: ObjectID, at folder: String = "", where isWanted: (String) -> Bool
    ) throws(GitError) -> Bool {
        if old == new { return false }
        var left = try Dictionary(
            entries(ofOptional: old).map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        for entry in try entries(ofTree: new) {
            let other = left.removeValue(forKey: entry.name)
            if other == entry { continue }
            if try differs(from: other, to: entry, in: folder, where: isWanted) { return true }
        }
        for gone in left.values where try differs(from: gone, to: nil, in: folder, where: isWanted) { return true }
        return false
    }

    private func differs(
        from old: TreeEntry?, to new: TreeEntry?, in folder: String, where isWanted: (String) -> Bool
    ) throws(GitError) -> Bool {
        let path = folder + String(decoding: (new ?? old)?.name ?? [], as: UTF8.self)
        let oldTree = old?.mode == .directory ? old?.id : nil
        let newTree = new?.mode == .directory ? new?.id : nil
        if (old != nil && oldTree == nil) || (new != nil && newTree == nil) {
            if isWanted(path) { return true }
        }
        if let newTree { return try differs(from: oldTree, to: newTree, at: path + "/", where: isWanted) }
        // A folder that is gone is a new one seen from the other side.
        if let oldTree { return try differs(from: nil, to: oldTree, at: path + "/", where: isWanted) }
        return false
    }

    private func entries(ofOptional tree: ObjectID?) throws(GitError) -> [TreeEntry] {
        guard let tree else { return [] }
        return try entries(ofTree: tree)
    }
}
