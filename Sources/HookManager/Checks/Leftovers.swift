internal import Glibc
internal import ProcessRunner

/// Finds and ends what a check left behind, daemons in sessions of their own too.
///
/// Every process of a check carries a variable that no other process has, and hands it on to its children.
struct Leftovers: Sendable {
    /// The variable.
    static let variable = "BIM_CHECK_RUN"

    /// Its value for one run of one check.
    let mark: String

    init() {
        mark = "\(getpid())-\(UInt64.random(in: .min ... .max))"
    }

    /// Sends SIGTERM to all, waits up to two seconds until none is left, then sends SIGKILL to the rest.
    ///
    /// Works in a canceled task too.
    func end() async {
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
        let entry = Array("\(Self.variable)=\(mark)".utf8)
        return ProcFile.names(in: "/proc").compactMap { Int32($0) }.filter { process in
            guard process != getpid(), let environment = ProcFile.read("/proc/\(process)/environ") else { return false }
            return environment.split(separator: 0).contains { $0.elementsEqual(entry) }
        }
    }
}
