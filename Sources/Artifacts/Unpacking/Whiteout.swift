/// Says what the name of a layer's entry takes away from the layers below (OCI image-spec, layer.md, whiteouts).
enum Whiteout: Equatable {
    /// Hides the sibling with this name.
    case name([UInt8])
    /// Hides everything that lower layers have in the directory.
    case opaque
    /// Bookkeeping of an old storage driver, which says nothing.
    case ignored

    static let prefix = Array(".wh.".utf8)

    /// Reads a name; nil when it is an ordinary one. Throws when it would hide `.`, `..` or nothing.
    init?(_ name: [UInt8]) throws {
        guard name.starts(with: Self.prefix) else { return nil }
        let hidden = Array(name.dropFirst(Self.prefix.count))
        if hidden.starts(with: Self.prefix) {
            self = hidden.elementsEqual(".wh..opq".utf8) ? .opaque : .ignored
        } else if hidden.isEmpty || hidden.elementsEqual(".".utf8) || hidden.elementsEqual("..".utf8) {
            throw UnpackError.unsafePath(String(decoding: name, as: UTF8.self))
        } else {
            self = .name(hidden)
        }
    }
}
