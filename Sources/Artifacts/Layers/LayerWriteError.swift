/// Says why a layer could not be written.
package enum LayerWriteError: Error, Hashable, Sendable {
    /// The reader delivered another number of bytes than the plan says.
    case sizeMismatch(path: String, expected: Int64, actual: Int64)
    /// The path has an empty, `.` or `..` component or holds a NUL.
    case invalidPath(String)
    /// A name begins with `.wh.`, which OCI image-spec, layer.md, reserves for whiteouts.
    case reservedName(path: String)
    /// The target of a symbolic link is empty or holds a NUL.
    case invalidLink(path: String)
    /// The compressor could not be made.
    case outOfMemory
}
