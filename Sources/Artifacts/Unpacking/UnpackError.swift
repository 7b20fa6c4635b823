/// Says why layers could not be unpacked.
package enum UnpackError: Error, Hashable, Sendable {
    /// The folder to unpack into holds something already.
    case folderNotEmpty(String)
    /// The layer file has another size than its descriptor says.
    case sizeMismatch(expected: Int64, actual: Int64)
    /// The layer file has another digest than its descriptor says.
    case digestMismatch(expected: Digest, actual: Digest)
    /// The tar archive in the layer has another digest than the image configuration says.
    case diffIDMismatch(expected: Digest, actual: Digest)
    /// The layers hold more bytes than the limit.
    case tooLarge(limit: Int64)
    /// An entry's path has `..`, is too long, or names nothing.
    case unsafePath(String)
    /// An entry would be written through a symbolic link.
    case throughSymlink(String)
    /// The archive cannot be read or an entry cannot be made; with what the library says.
    case damaged(String)
}
