@testable import Platform
import Testing

@Suite(.timeLimit(patience)) struct ListeningSocketTests {
    @Test("The kernel's tables are read: listening entries only, both families")
    func parse() {
        let table = """
              sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
               0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 4711 1 0 100 0 0 10 0
               1: 0100007F:1F90 0100007F:B7C2 01 00000000:00000000 00:00000000 00000000  1000        0 4712 1 0 20 4 30 10 -1
               2: 00000000:0050 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4713 1 0 100 0 0 10 0
               3: 00000000000000000000000001000000:0BB8 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4714 1 0 100 0 0 10 0
               4: nonsense
            """
        let entries = ListeningSocket.parse(table)
        #expect(entries.map(\.inode) == ["4711", "4713", "4714"])
        #expect(
            entries.map(\.socket) == [
                ListeningSocket(address: "127.0.0.1", port: 8080), ListeningSocket(address: "0.0.0.0", port: 80),
                ListeningSocket(address: "::1", port: 3000),
            ])
    }
}
