import Foundation

/// The targets of a Package.swift, read as text: asking SwiftPM would wait for the lock that `swift test` holds.
///
/// Understood are the forms this package's manifest uses: `program("X", […])`, `library("X", […])`, `tests("X", […])`,
/// `.systemLibrary(name: "X", …)` and dependencies that are a string or one of the constants for a package's product.
struct Manifest {
    /// What each target that is no test declares: names of targets, and names of products of packages.
    private(set) var targets: [String: Set<String>] = [:]
    private(set) var tests: Set<String> = []
    private(set) var products: Set<String> = []
    /// Dependencies in a form that is not understood.
    private(set) var unreadable: [String] = []

    init(_ text: String) {
        let constants = text.matches(of: /let (\w+) = Target\.Dependency\.product\(name: "([^"]+)"/)
        let productNames = Dictionary(uniqueKeysWithValues: constants.map { (String($0.1), String($0.2)) })
        products = Set(productNames.values)

        for match in text.matches(of: /\b(program|library|tests)\(\s*"([^"]+)"\s*(?:,\s*\[([^\]]*)\])?/) {
            let name = String(match.2)
            let dependencies = (match.3 ?? "").split(separator: ",")
                .map { $0.trimmingCharacters(in: .whitespacesAndNewlines) }
                .filter { !$0.isEmpty }
            if match.1 == "tests" {
                tests.insert(name)
                continue
            }
            targets[name] = []
            for dependency in dependencies {
                if let quoted = dependency.wholeMatch(of: /"([^"]+)"/) {
                    targets[name]?.insert(String(quoted.1))
                } else if let product = productNames[dependency] {
                    targets[name]?.insert(product)
                } else {
                    unreadable.append("\(name): \(dependency)")
                }
            }
        }
        for match in text.matches(of: /\.systemLibrary\(\s*name: "([^"]+)"/) { targets[String(match.1)] = [] }
    }
}
