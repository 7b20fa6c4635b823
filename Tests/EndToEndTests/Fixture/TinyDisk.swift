import Glibc

/// A small file system in memory; needs the right to mount.
final class TinyDisk: Sendable {
    let path: String

    /// Whether this process may mount.
    static let isPossible: Bool = {
        var template = Array("/tmp/bim-e2e-mount-XXXXXX".utf8CString)
        guard geteuid() == 0, mkdtemp(&template) != nil else { return false }
        defer { rmdir(template) }
        guard mount("tmpfs", template, "tmpfs", 0, "size=64k") == 0 else { return false }
        return umount(template) == 0
    }()

    init?(at path: String, kilobytes: Int) {
        guard mkdir(path, 0o700) == 0, mount("tmpfs", path, "tmpfs", 0, "mode=700,size=\(kilobytes)k") == 0 else {
            return nil
        }
        self.path = path
    }

    deinit { umount2(path, Int32(MNT_DETACH)) }

    /// Gives it another size; what it holds stays.
    func resize(kilobytes: Int) -> Bool {
        mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(kilobytes)k") == 0
    }
}
