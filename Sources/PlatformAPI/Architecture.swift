/// The architecture of this machine in the words of the OCI image-spec, which are Go's.
package enum Architecture {
    package static var current: String {
        #if arch(x86_64)
            "amd64"
        #elseif arch(arm64)
            "arm64"
        #else
            "unknown"
        #endif
    }
}
