import Glibc
import ProcessRunner
import Testing

@Suite struct ProcessTableTests {
    private let table = ProcessTable(entries: [
        .init(id: 1, parent: 0, group: 1, isZombie: false),
        .init(id: 10, parent: 1, group: 10, isZombie: false),
        .init(id: 11, parent: 10, group: 10, isZombie: true),
        .init(id: 12, parent: 11, group: 12, isZombie: false),
        .init(id: 20, parent: 1, group: 20, isZombie: false),
    ])

    @Test("Descendants are found through zombies, which are left out")
    func descendants() {
        #expect(table.descendants(of: 10) == [12])
        #expect(Set(table.descendants(of: 1)) == [10, 12, 20])
        #expect(table.descendants(of: 20).isEmpty)
    }

    @Test("A group has its living members")
    func group() {
        #expect(table.members(ofGroup: 10) == [10])
    }

    @Test("The current table holds this process under its parent")
    func current() {
        let own = ProcessTable.current().entries.first { $0.id == getpid() }
        #expect(own?.parent == getppid())
        #expect(own?.isZombie == false)
    }
}
