import Foundation
import Glibc

/// What /proc tells of a process that is not a zombie.
struct ProcessFacts {
    let id: pid_t
    let parent: pid_t
    let arguments: [String]
    let environment: [String]

    init?(_ id: pid_t) {
        guard let stat = try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8),
            let name = stat.lastIndex(of: ")")
        else { return nil }
        let fields = stat[stat.index(after: name)...].split(separator: " ")
        guard fields.count > 1, fields[0] != "Z", fields[0] != "X", let parent = pid_t(fields[1]) else { return nil }
        self.id = id
        self.parent = parent
        arguments = Self.strings("/proc/\(id)/cmdline")
        environment = Self.strings("/proc/\(id)/environ")
    }

    static func all() -> [ProcessFacts] {
        ((try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { pid_t($0) }
            .compactMap(ProcessFacts.init)
    }

    /// The inodes of the sockets that the process has open.
    var sockets: Set<String> {
        let folder = "/proc/\(id)/fd"
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
        let links = names.compactMap { try? FileManager.default.destinationOfSymbolicLink(atPath: "\(folder)/\($0)") }
        return Set(links.filter { $0.hasPrefix("socket:[") }.map { String($0.dropFirst(8).dropLast()) })
    }

    private static func strings(_ path: String) -> [String] {
        guard let handle = FileHandle(forReadingAtPath: path), let data = try? handle.readToEnd() else { return [] }
        return data.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
    }
}
