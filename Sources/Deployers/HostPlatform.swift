package import Diagnostics
package import PlatformAPI

extension PlatformDescription.Target {
    /// What this machine runs, for ends that do not say what they do.
    package static var ofThisMachine: Self {
        #if arch(arm64)
            Self(os: "linux", architecture: "arm64")
        #else
            Self(os: "linux", architecture: "amd64")
        #endif
    }

    /// Reads `linux/arm64`.
    package init(_ text: String) throws(UserError) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }) else {
            throw UserError(
                .configInvalid, "'\(text)' is not a system and its architecture",
                hint: "git config remote.<name>.bimPlatform linux/amd64")
        }
        self.init(os: parts[0], architecture: parts[1])
    }
}
