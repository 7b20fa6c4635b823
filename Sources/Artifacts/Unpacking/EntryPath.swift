internal import Glibc

/// A path of an archive, relative to the folder that is unpacked into.
struct EntryPath: Hashable {
    /// The names with `/` between them, without `.`, `..` and empty ones; empty for the folder.
    let bytes: [UInt8]

    private static let separator = UInt8(ascii: "/")

    /// Reads a path; a leading `/` means the folder, as in a container.
    ///
    /// Throws ``UnpackError/unsafePath(_:)`` for `..`, which no honest layer needs, and for a name that is too long.
    init(_ text: [UInt8]) throws {
        let names = text.split(separator: Self.separator).filter { !$0.elementsEqual(".".utf8) }
        guard names.allSatisfy({ !$0.elementsEqual("..".utf8) && $0.count <= Int(NAME_MAX) }) else {
            throw UnpackError.unsafePath(String(decoding: text, as: UTF8.self))
        }
        bytes = Array(names.joined(separator: [Self.separator]))
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    var isRoot: Bool { bytes.isEmpty }
    var names: [[UInt8]] { bytes.split(separator: Self.separator).map(Array.init) }
    var last: [UInt8] { bytes.lastIndex(of: Self.separator).map { Array(bytes[($0 + 1)...]) } ?? bytes }
    var parent: EntryPath { EntryPath(bytes: Array(bytes[..<(bytes.lastIndex(of: Self.separator) ?? 0)])) }

    func appending(_ name: [UInt8]) -> EntryPath {
        EntryPath(bytes: isRoot ? name : bytes + [Self.separator] + name)
    }

    /// The path below the folder, ending in NUL.
    ///
    /// Throws when it is longer than the system takes in one call: libarchive would then change the working directory
    /// of the whole process.
    func cPath(in folder: [UInt8]) throws -> [CChar] {
        let path = folder + [Self.separator] + bytes
        guard path.count < Int(PATH_MAX) else { throw UnpackError.unsafePath(description) }
        return path.map { CChar(bitPattern: $0) } + [0]
    }
}

extension EntryPath: CustomStringConvertible {
    var description: String { String(decoding: bytes, as: UTF8.self) }
}
