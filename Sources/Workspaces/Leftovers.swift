internal import Glibc
internal import ProcessRunner
internal import Synchronization

/// Finds and ends what a command left behind, daemons in sessions of their own too.
///
/// Every process of a check carries a variable that no other process has and hands it on to its children; one that drops
/// its environment is still known by the session of the check.
package final class Leftovers: Sendable {
    /// The variable of one run of one check.
    package static let variable = "BIM_CHECK_RUN"
    /// The variable of all runs in one snapshot folder.
    package static let folderVariable = "BIM_SNAPSHOT"

    /// The value of ``variable``.
    package let mark: String
    private let entry: [UInt8]
    private let session = Mutex<Int32?>(nil)

    /// Makes the mark of a run.
    package init() {
        mark = "\(getpid())-\(UInt64.random(in: .min ... .max))"
        entry = Array("\(Self.variable)=\(mark)".utf8)
    }

    /// Names what earlier runs left in a snapshot folder that belongs to nobody now.
    package init(folder: String) {
        mark = folder
        entry = Array("\(Self.folderVariable)=\(folder)".utf8)
    }

    /// Names the session of the check, which its first process leads.
    package func lead(by process: Int32) {
        session.withLock { $0 = process }
    }

    /// Sends SIGTERM to all, waits up to two seconds until none is left, then sends SIGKILL to the rest.
    ///
    /// Works in a canceled task too.
    package func end() async {
        guard signal(SIGTERM) > 0 else { return }
        await Task {
            let limit = ContinuousClock.now + .seconds(2)
            while ContinuousClock.now < limit {
                if processes().isEmpty { return }
                try? await Task.sleep(for: .milliseconds(20))
            }
            // What appears while they are killed is killed in the next round.
            for _ in 0..<10 where signal(SIGKILL) > 0 { try? await Task.sleep(for: .milliseconds(5)) }
        }.value
    }

    private func signal(_ number: Int32) -> Int {
        let found = processes()
        for process in found { kill(process, number) }
        return found.count
    }

    private func processes() -> [Int32] {
        let session = session.withLock { $0 }
        return ProcFile.names(in: "/proc").compactMap { Int32($0) }.filter { process in
            if process == getpid() { return false }
            if let session, getsid(process) == session, ProcessTable.entry(of: process)?.isZombie == false {
                return true
            }
            guard let environment = ProcFile.read("/proc/\(process)/environ") else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(entry) }
        }
    }
}
