#if canImport(Glibc)
    internal import Glibc
#endif

/// The environment variables of this process, and where its program lies.
package enum ProcessEnvironment {
    /// The path of the running program; nil where `/proc` is not mounted.
    package static var programPath: String? {
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        let length = readlink("/proc/self/exe", &buffer, buffer.count - 1)
        return length > 0 ? String(decoding: buffer[..<length].map(UInt8.init(bitPattern:)), as: UTF8.self) : nil
    }

    /// The path of another of bim's programs: beside the running one; its bare name where that is not known.
    package static func program(named name: String) -> String {
        guard let own = programPath, let slash = own.lastIndex(of: "/") else { return name }
        return own[...slash] + name
    }

    /// Name to value; bytes that are not UTF-8 are replaced.
    package static var current: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let pointer = entry.pointee {
            let pair = String(cString: pointer)
            if let equals = pair.firstIndex(of: "=") {
                variables[String(pair[..<equals])] = String(pair[pair.index(after: equals)...])
            }
            entry += 1
        }
        return variables
    }
}
