import Artifacts
import Testing

/// A folder to unpack into and, beside it, one that nothing may touch.
final class Trap {
    let folder: TemporaryFolder
    let root: String
    let outside: String

    init() throws {
        folder = try TemporaryFolder()
        root = try folder.folder("root")
        outside = try folder.folder("evil")
        _ = try folder.write(Array("untouched".utf8), to: "evil/file")
    }

    /// Returns what unpacking throws; checks that nothing is left in the folder and nothing changed beside it.
    func error(
        _ layers: [LayerUnpacker.Layer], _ unpacker: LayerUnpacker = LayerUnpacker(),
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws -> UnpackError? {
        let error = #expect(throws: UnpackError.self, sourceLocation: sourceLocation) {
            try unpacker.unpack(layers, into: root)
        }
        #expect(try listing(of: root) == [], sourceLocation: sourceLocation)
        #expect(try listing(of: outside) == ["file = untouched"], sourceLocation: sourceLocation)
        return error
    }

    func layers(_ entries: [[ForeignArchive.Entry]]) throws -> [LayerUnpacker.Layer] {
        try entries.enumerated().map { try ForeignArchive($1).layer("layer\($0)", in: folder) }
    }
}
