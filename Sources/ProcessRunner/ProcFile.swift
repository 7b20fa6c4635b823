import Glibc
import SystemPackage

/// Reading of the kernel's small text files, whose size is not known before they are read.
package enum ProcFile {
    /// Returns the whole content, or nil when the file cannot be opened or its process ended meanwhile.
    package static func read(_ path: String) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(path, .readOnly, options: .closeOnExec) else { return nil }
        defer { try? file.close() }
        var content: [UInt8] = []
        while true {
            let chunk = try? [UInt8](unsafeUninitializedCapacity: 16384) { buffer, count in
                count = try file.read(into: UnsafeMutableRawBufferPointer(buffer))
            }
            guard let chunk else { return nil }
            if chunk.isEmpty { return content }
            content += chunk
        }
    }

    /// Returns the names in a folder but `.` and `..`, unsorted; nothing when it cannot be read.
    package static func names(in folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
