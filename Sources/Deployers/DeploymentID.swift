internal import PlatformAPI

#if canImport(Glibc)
    internal import Glibc
#endif

/// Names of deployments that no platform has numbered: sorted by time, readable, and used once.
enum DeploymentID {
    static func make(_ request: DeploymentRequest) -> String {
        var seconds = time(nil)
        var fields = tm()
        gmtime_r(&seconds, &fields)
        func padded(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
        let day = "\(fields.tm_year + 1900)\(padded(fields.tm_mon + 1))\(padded(fields.tm_mday))"
        let clock = padded(fields.tm_hour) + padded(fields.tm_min) + padded(fields.tm_sec)
        return "\(day)t\(clock)z-\(request.environment)-\(String(UInt32.random(in: .min ... .max), radix: 36))"
    }
}
