extension Duration {
    /// Seconds with one decimal, as steps print them: `0.1 s`, `1 min 5 s`.
    package var short: String {
        let tenths =
            (components.seconds * 10) + (components.attoseconds + 50_000_000_000_000_000) / 100_000_000_000_000_000
        if tenths >= 600 { return "\(tenths / 600) min \((tenths % 600) / 10) s" }
        return "\(tenths / 10).\(tenths % 10) s"
    }
}

/// A size in bytes with a decimal unit, as people read it: `38 kB`, `1.2 MB`.
package func formatBytes(_ count: Int64) -> String {
    if count < 1000 { return "\(count) B" }
    var value = Double(count)
    for unit in ["kB", "MB", "GB"] {
        value /= 1000
        if value < 999.5 || unit == "GB" {
            let tenths = Int64((value * 10).rounded())
            return tenths < 100 ? "\(tenths / 10).\(tenths % 10) \(unit)" : "\((tenths + 5) / 10) \(unit)"
        }
    }
    return "\(count) B"
}

/// A URL, or an address as `ssh` takes them, without the user and password in it.
package func withoutCredentials(_ url: String) -> String {
    let begin = url.firstRange(of: "://")?.upperBound ?? url.startIndex
    let authority = url[begin...].prefix { $0 != "/" }
    guard let at = authority.lastIndex(of: "@") else { return url }
    return url[..<begin] + "…" + url[at...]
}

/// Replaces control characters, so that text from elsewhere can neither move the cursor nor forge a line.
package func printable(_ text: some StringProtocol) -> String {
    String(
        String.UnicodeScalarView(
            text.unicodeScalars.map { scalar in
                scalar == "\t" || (scalar.properties.generalCategory != .control && !isBidirectional(scalar))
                    ? scalar : "\u{FFFD}"
            }))
}

/// Controls of writing direction can make a line read as another one.
private func isBidirectional(_ scalar: Unicode.Scalar) -> Bool {
    (0x202A...0x202E).contains(scalar.value) || (0x2066...0x2069).contains(scalar.value)
}
