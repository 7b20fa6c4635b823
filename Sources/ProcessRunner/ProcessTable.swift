/// The processes of this machine at one moment, read from `/proc/<pid>/stat` (proc(5)).
package struct ProcessTable: Sendable {
    package struct Entry: Sendable, Equatable {
        package let id: Int32
        package let parent: Int32
        package let group: Int32
        /// Ended, and waiting for its parent to notice.
        package let isZombie: Bool

        package init(id: Int32, parent: Int32, group: Int32, isZombie: Bool) {
            self.id = id
            self.parent = parent
            self.group = group
            self.isZombie = isZombie
        }
    }

    package let entries: [Entry]

    package init(entries: [Entry]) {
        self.entries = entries
    }

    /// Reads the table now. A process that ends while it is read is left out.
    package static func current() -> ProcessTable {
        ProcessTable(
            entries: ProcFile.names(in: "/proc").compactMap { name in
                Int32(name).flatMap(entry(of:))
            })
    }

    /// Returns what is known now about one process, or nil when there is none with this id.
    package static func entry(of process: Int32) -> Entry? {
        ProcFile.read("/proc/\(process)/stat").flatMap(entry(parsing:))
    }

    /// Returns the entry for one line of `/proc/<pid>/stat`, whose second field is a name that may hold blanks and
    /// brackets.
    static func entry(parsing stat: [UInt8]) -> Entry? {
        guard let open = stat.firstIndex(of: UInt8(ascii: "(")), let close = stat.lastIndex(of: UInt8(ascii: ")"))
        else { return nil }
        let id = Int32(String(decoding: stat[..<open], as: UTF8.self).filter(\.isNumber))
        let fields = stat[(close + 1)...].split(separator: UInt8(ascii: " "), maxSplits: 3)
        guard let id, fields.count >= 3,
            let parent = Int32(String(decoding: fields[1], as: UTF8.self)),
            let group = Int32(String(decoding: fields[2], as: UTF8.self))
        else { return nil }
        let isZombie = fields[0].first == UInt8(ascii: "Z") || fields[0].first == UInt8(ascii: "X")
        return Entry(id: id, parent: parent, group: group, isZombie: isZombie)
    }

    /// Returns the living members of a process group.
    package func members(ofGroup group: Int32) -> [Int32] {
        entries.filter { $0.group == group && !$0.isZombie }.map(\.id)
    }

    /// Returns the living processes that descend from `ancestor`, parents before their children, without itself.
    package func descendants(of ancestor: Int32) -> [Int32] {
        let children = Dictionary(grouping: entries, by: \.parent)
        var found: [Entry] = []
        var open = [ancestor]
        while let parent = open.popLast() {
            let next = (children[parent] ?? []).filter { $0.id != parent }
            found += next
            open += next.map(\.id)
        }
        return found.filter { !$0.isZombie }.map(\.id)
    }
}
