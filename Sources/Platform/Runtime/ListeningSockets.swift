import Glibc
import ProcessRunner
import Sandboxes

extension ListeningSocket {
    /// Whether a client of this machine that asks 127.0.0.1 for the port gets here.
    func takesConnections(to port: Int) -> Bool {
        self.port == port && ["127.0.0.1", "0.0.0.0", "::", "::ffff:127.0.0.1"].contains(address)
    }

    /// Returns the sockets on which the processes listen, by the kernel's tables (proc(5), `/proc/net/tcp`).
    static func all(of processes: [Int32]) -> [ListeningSocket] {
        let inodes = Set(processes.flatMap(socketInodes))
        guard !inodes.isEmpty else { return [] }
        let entries = ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { file in
            parse(String(decoding: ProcFile.read(file) ?? [], as: UTF8.self))
        }
        let found = Set(entries.filter { inodes.contains($0.inode) }.map(\.socket))
        return found.sorted { ($0.port, $0.address) < ($1.port, $1.address) }
    }

    /// Returns the listening entries of one kernel table with the inodes of their sockets.
    static func parse(_ table: String) -> [(socket: ListeningSocket, inode: String)] {
        table.split(separator: "\n").dropFirst().compactMap { line in
            let fields = line.split(separator: " ")
            guard fields.count > 9, fields[3] == "0A", let socket = ListeningSocket(hexadecimal: fields[1])
            else { return nil }
            return (socket, String(fields[9]))
        }
    }

    private static func socketInodes(of process: Int32) -> [String] {
        ProcFile.names(in: "/proc/\(process)/fd").compactMap { name in
            let target = FileKind.target(of: "/proc/\(process)/fd/\(name)")
            guard target.hasPrefix("socket:["), target.hasSuffix("]") else { return nil }
            return String(target.dropFirst("socket:[".count).dropLast())
        }
    }

    /// Reads `0100007F:1F90`: words of four bytes in the machine's order, then the port.
    private init?(hexadecimal text: some StringProtocol) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let port = Int(parts[1], radix: 16) else { return nil }
        let digits = Array(parts[0])
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count, by: 8) {
            guard let word = UInt32(String(digits[start..<min(start + 8, digits.count)]), radix: 16) else { return nil }
            bytes += withUnsafeBytes(of: word) { Array($0) }
        }
        guard bytes.count == 4 || bytes.count == 16 else { return nil }
        var buffer = [CChar](repeating: 0, count: Int(INET6_ADDRSTRLEN))
        guard inet_ntop(bytes.count == 4 ? AF_INET : AF_INET6, bytes, &buffer, socklen_t(buffer.count)) != nil
        else { return nil }
        self.init(
            address: String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self),
            port: port)
    }
}
