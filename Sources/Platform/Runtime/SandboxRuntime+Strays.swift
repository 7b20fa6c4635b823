import Glibc
import ProcessRunner

extension SandboxRuntime {
    /// bubblewrap asks the kernel to end it with the platform, but a platform that is killed in the moment between
    /// starting it and its asking leaves it behind.
    package func endStrays(below folder: String) {
        let needle = Array("\(folder)/".utf8)
        for entry in ProcessTable.current().entries where !entry.isZombie {
            guard let line = ProcFile.read("/proc/\(entry.id)/cmdline") else { continue }
            let program = line.prefix { $0 != 0 }
            if program.ends(with: "bwrap".utf8), line.firstRange(of: needle) != nil { kill(entry.id, SIGKILL) }
        }
    }
}

extension Collection where Element == UInt8 {
    fileprivate func ends(with suffix: some Collection<UInt8>) -> Bool {
        self.suffix(suffix.count).elementsEqual(suffix)
    }
}
