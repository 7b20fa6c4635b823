extension Repository {
    /// Writes the files of a tree to a folder: the blobs' own bytes, without filters.
    ///
    /// The folder is made with mode 0700, files are 0644 or 0755 whatever the umask, symbolic links are as in the tree,
    /// submodules are empty folders. No link is followed and nothing outside the folder is touched, whatever the tree
    /// says.
    ///
    /// With `previous`, the tree whose snapshot the folder holds, only the difference is written: what is gone is
    /// removed, and files that neither tree names, such as build caches, stay. A tracked file that somebody else
    /// changed in the folder stays changed when the two trees agree on it. After an error the folder holds neither
    /// tree and is good for nothing but removal.
    /// - Throws: `.unsafePath` for a tree that must not be written, or for a path that is already taken;
    ///   `.noSpace`; `.missingObject`; `.wrongType`.
    public func writeSnapshot(
        ofTree tree: ObjectID, to folder: String, previous: ObjectID? = nil
    ) throws(GitError) {
        let new = try entries(ofTree: tree)
        let old = try previous.map { (id) throws(GitError) in try entries(ofTree: id) }
        let root = try SnapshotFolder(root: folder)
        try update(root, from: old ?? [], to: new, replaces: old != nil)
    }

    /// - Parameter replaces: whether what already has a wanted name gives way; an error otherwise.
    private func update(
        _ folder: borrowing SnapshotFolder, from old: [TreeEntry], to new: [TreeEntry], replaces: Bool
    ) throws(GitError) {
        let wanted = try byName(new, in: folder)
        let known = try byName(old, in: folder)
        for entry in old where wanted[entry.name]?.mode != entry.mode {
            try remove(entry, from: folder)
        }
        for entry in new where known[entry.name] != entry {
            let replaced = known[entry.name]
            switch entry.mode {
            case .directory:
                let left = replaced?.mode == .directory ? replaced?.id : nil
                try updateSubfolder(entry, of: folder, previous: left, replaces: replaces)
            case .file, .executable, .symlink, .gitlink:
                if replaces && !(entry.mode == .gitlink && replaced?.mode == .gitlink) { try folder.clear(entry.name) }
                try writeLeaf(entry, to: folder)
            }
        }
    }

    private func updateSubfolder(
        _ entry: TreeEntry, of folder: borrowing SnapshotFolder, previous: ObjectID?, replaces: Bool
    ) throws(GitError) {
        let new = try entries(ofTree: entry.id)
        if replaces, let present = try folder.subfolder(entry.name) {
            let old = try previous.map { (id) throws(GitError) in try entries(ofTree: id) }
            try update(present, from: old ?? [], to: new, replaces: true)
        } else {
            if replaces { try folder.clear(entry.name) }
            try update(try folder.makeSubfolder(entry.name), from: [], to: new, replaces: false)
        }
    }

    private func writeLeaf(_ entry: TreeEntry, to folder: borrowing SnapshotFolder) throws(GitError) {
        switch entry.mode {
        case .file, .executable:
            try readBlob(entry.id).withBytes { (bytes) throws(GitError) in
                try folder.writeFile(entry.name, bytes, isExecutable: entry.mode == .executable)
            }
        case .symlink:
            try folder.writeLink(entry.name, to: try bytes(ofBlob: entry.id))
        case .gitlink, .directory:
            _ = try folder.makeSubfolder(entry.name)
        }
    }

    private func remove(_ entry: TreeEntry, from folder: borrowing SnapshotFolder) throws(GitError) {
        switch entry.mode {
        case .file, .executable, .symlink:
            try folder.removeFile(entry.name)
        case .gitlink:
            try folder.removeEmptySubfolder(entry.name)
        case .directory:
            guard let subfolder = try folder.subfolder(entry.name) else { return }
            for inner in try byName(try entries(ofTree: entry.id), in: subfolder).values {
                try remove(inner, from: subfolder)
            }
            try folder.removeEmptySubfolder(entry.name)
        }
    }

    private func byName(
        _ entries: [TreeEntry], in folder: borrowing SnapshotFolder
    ) throws(GitError) -> [[UInt8]: TreeEntry] {
        var known: [[UInt8]: TreeEntry] = [:]
        for entry in entries {
            guard SnapshotName.isSafe(entry.name) else { throw folder.unsafe(entry.name, "the name is not allowed") }
            guard known.updateValue(entry, forKey: entry.name) == nil else {
                throw folder.unsafe(entry.name, "the name is there twice")
            }
        }
        return known
    }
}
