internal import Artifacts
internal import GitCore
internal import ProcessRunner

#if canImport(Glibc)
    internal import Glibc
#endif

/// The commit's files as a tar archive for a program's standard input, straight from git's objects: no folder is written.
struct BuildContext: Sendable {
    let plan: LayerPlan
    let notices: [String]
    private let request: BuildRequest
    private let spoolFolder: String

    /// Reads which files there are.
    ///
    /// `<Dockerfile>.dockerignore` goes before `.dockerignore`, as with BuildKit; the Dockerfile itself is always there.
    init(_ request: BuildRequest, dockerfile: String, spoolFolder: String) throws {
        let repository = try request.repository.open()
        let selection = try Selection(
            request.tree, exclude: ["!\(dockerfile)"], ignoreFiles: ["\(dockerfile).dockerignore", ".dockerignore"],
            followsAttributes: false, in: repository)
        let listing = try TreeListing(selection, in: repository)
        plan = LayerPlan(listing.entries)
        notices = listing.notices
        self.request = request
        self.spoolFolder = spoolFolder
    }

    /// Writes the archive, piece by piece.
    func write(to input: ProgramInput) async throws {
        let spool = BlobSpool(folder: spoolFolder)
        let repository = try request.repository.open()
        var folders: Set<[UInt8]> = []
        for entry in plan.entries {
            for end in entry.path.indices where entry.path[end] == UInt8(ascii: "/") {
                let folder = Array(entry.path[..<end])
                if folders.insert(folder).inserted { try await input.write(TarBlocks.folder(folder)) }
            }
            switch entry.kind {
            case .symlink:
                try await input.write(TarBlocks.link(entry.path, to: try content(entry, repository)))
            case .file(let isExecutable):
                try await input.write(TarBlocks.file(entry.path, size: entry.size, isExecutable: isExecutable))
                if entry.size > BlobSpool.threshold {
                    let path = try await spool.path(entry.content, from: request.repository)
                    try await Self.copy(path, to: input)
                } else {
                    try await input.write(try content(entry, repository))
                }
                try await input.write(TarBlocks.padding(after: entry.size))
            }
        }
        try await input.write(TarBlocks.end)
    }

    private func content(_ entry: LayerPlan.Entry, _ repository: borrowing Repository) throws -> [UInt8] {
        guard let id = ObjectID(hex: entry.content) else { return [] }
        return try repository.withBlob(id) { Array($0) }
    }

    private static func copy(_ path: String, to input: ProgramInput) async throws {
        let file = try SystemError.check("open", Array(path.utf8)) { open(path, O_RDONLY | O_CLOEXEC) }
        defer { close(file) }
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while true {
            let count = try SystemError.check("read") { read(file, &buffer, buffer.count) }
            if count == 0 { return }
            try await input.write(Array(buffer[..<count]))
        }
    }
}
