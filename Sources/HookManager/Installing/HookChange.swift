/// What installing or removing did for one hook.
package struct HookChange: Sendable, Equatable {
    package enum Kind: Sendable, Equatable {
        case installed(keptEarlier: Bool)
        /// The script of another version of bim-hooks, or of another place, gave way.
        case updated
        case upToDate
        case removed(restoredEarlier: Bool)
    }

    package let hook: String
    /// A file's path, or the name of a configuration key.
    package let place: String
    package let kind: Kind

    /// The change in one line.
    package var line: String {
        switch kind {
        case .installed(keptEarlier: true): "\(hook): installed in \(place); the hook that was there is run first"
        case .installed: "\(hook): installed in \(place)"
        case .updated: "\(hook): updated in \(place)"
        case .upToDate: "\(hook): up to date"
        case .removed(restoredEarlier: true): "\(hook): removed from \(place); the hook that was there is back"
        case .removed: "\(hook): removed from \(place)"
        }
    }
}
