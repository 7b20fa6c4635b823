import Glibc
import SystemPackage

/// What a path names, links not followed.
package enum FileKind: Equatable {
    case missing, file, folder, other
    case link(to: String)

    package init(of path: String) {
        guard let facts = try? Stat(path, followTargetSymlink: false) else {
            self = .missing
            return
        }
        switch facts.type {
        case .regular: self = .file
        case .directory: self = .folder
        case .symbolicLink: self = .link(to: Self.target(of: path))
        default: self = .other
        }
    }

    package static func target(of path: String) -> String {
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            count = buffer.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { max(0, readlink(path, $0, characters.count)) } ?? 0
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
