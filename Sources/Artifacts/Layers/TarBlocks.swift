/// The blocks of a plain tar archive of planned files, for programs that read one from their standard input.
///
/// The same bytes every time, as in a layer, and without the layer's folder of the app.
package enum TarBlocks {
    /// What ends an archive.
    package static var end: [UInt8] { [UInt8](repeating: 0, count: 2 * TarHeader.blockSize) }

    /// The header of a folder; `path` has no `/` at its end.
    package static func folder(_ path: [UInt8]) -> [UInt8] {
        TarHeader(path: path + [UInt8(ascii: "/")], kind: .directory, mode: 0o755).bytes
    }

    /// The header of a file, after which its content and ``padding(after:)`` follow.
    package static func file(_ path: [UInt8], size: Int64, isExecutable: Bool) -> [UInt8] {
        TarHeader(path: path, kind: .file, mode: isExecutable ? 0o755 : 0o644, size: size).bytes
    }

    /// A symbolic link.
    package static func link(_ path: [UInt8], to target: [UInt8]) -> [UInt8] {
        TarHeader(path: path, kind: .symlink, mode: 0o777, linkTarget: target).bytes
    }

    /// The zero bytes that fill the last block of a content.
    package static func padding(after size: Int64) -> [UInt8] { TarHeader.padding(after: size) }
}
