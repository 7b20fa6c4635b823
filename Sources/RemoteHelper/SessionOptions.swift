/// What git has said with `option` lines, as it stands now.
package struct SessionOptions: Sendable, Equatable {
    /// The addresses that `-4` and `-6` allow.
    package enum AddressFamily: String, Sendable {
        /// No restriction.
        case all
        /// `-4`.
        case ipv4
        /// `-6`.
        case ipv6
    }

    /// 0 is `--quiet`, 1 the default, 2 and more `-v`. Holds for the whole session.
    package var verbosity = 1

    /// True when progress may be drawn on stderr. Holds for the whole session.
    package var progress = false

    /// The addresses to connect to. Holds for the whole session.
    package var family = AddressFamily.all

    /// True when git understands an `:object-format` line in a ref advertisement. Holds for the whole session.
    package var asksForObjectFormat = false

    /// The program that git shall run at the remote, where the user named one: `--upload-pack`, `--receive-pack`.
    package var servicePath: String?

    /// What the next push batch is to be like; forgotten after it.
    var nextPush = PushOptions()

    /// The options of a push batch that ends now.
    var push: PushOptions {
        var push = nextPush
        push.verbosity = verbosity
        push.progress = progress
        push.servicePath = servicePath
        return push
    }
}

extension SessionOptions {
    /// How an option was taken.
    enum Answer: Equatable {
        case ok
        /// `ok`, and git's own HTTP helper has to hear the line too.
        case okAndPassOn
        case unsupported
        /// The text reaches the user only if git cannot go on without the option.
        case error(String)
        /// A refusal that git would pass over although going on is unsafe.
        case fatal(String)
    }

    /// Takes one option; an option without a value is a `true` one, as in git's `remote-curl.c`.
    mutating func set(_ name: String, to value: ArraySlice<UInt8>?) -> Answer {
        switch name {
        case "verbosity", "progress", "family", "object-format":
            setForSession(name, to: value)
        case "servpath":
            setServicePath(to: value)
        case "depth", "deepen-since", "deepen-not", "deepen-relative", "followtags", "update-shallow", "refetch",
            "filter", "from-promisor", "cloning", "check-connectivity":
            .okAndPassOn
        default:
            setForPush(name, to: value)
        }
    }

    private mutating func setForSession(_ name: String, to value: ArraySlice<UInt8>?) -> Answer {
        let text = value.map { String(decoding: $0, as: UTF8.self) } ?? "true"
        switch name {
        case "verbosity":
            guard let level = Int(text), level >= 0 else { return .error("verbosity takes a number") }
            verbosity = level
        case "family":
            guard let family = AddressFamily(rawValue: text) else { return .unsupported }
            self.family = family
        case "object-format":
            guard ["true", "sha1"].contains(text) else { return .unsupported }
            asksForObjectFormat = true
        default:
            progress = isTrue(value)
        }
        return .okAndPassOn
    }

    private mutating func setServicePath(to value: ArraySlice<UInt8>?) -> Answer {
        guard let path = String(validating: CStyleQuoting.plain(value ?? []), as: UTF8.self), !path.isEmpty else {
            return .unsupported
        }
        servicePath = path
        return .ok
    }

    private mutating func setForPush(_ name: String, to value: ArraySlice<UInt8>?) -> Answer {
        switch name {
        case "dry-run":
            nextPush.dryRun = isTrue(value)
        case "atomic":
            nextPush.atomic = isTrue(value)
        case "force-if-includes":
            nextPush.forceIfIncludes = isTrue(value)
        case "pushcert":
            // Signing is not offered; `if-asked` means that git can do without.
            let wantsSigning = isTrue(value) && value.map(Array.init) != Array("if-asked".utf8)
            return wantsSigning ? .unsupported : .ok
        case "push-option":
            guard let text = String(validating: CStyleQuoting.plain(value ?? []), as: UTF8.self) else {
                return .error("a push option must be UTF-8")
            }
            nextPush.pushOptions.append(text)
        case "cas":
            return addLease(CStyleQuoting.plain(value ?? []))
        default:
            return .unsupported
        }
        return .ok
    }

    /// git passes over a refused lease and pushes without it, so a lease that cannot be read ends the session.
    private mutating func addLease(_ lease: [UInt8]) -> Answer {
        guard let colon = lease.lastIndex(of: UInt8(ascii: ":")), let ref = RefName.validated(lease[..<colon]),
            let objectID = HexObjectID.validated(lease[(colon + 1)...])
        else { return .fatal("cannot read the lease in 'option cas'") }
        nextPush.leases[ref] = objectID.allSatisfy { $0 == "0" } ? .mustNotExist : .oid(objectID.lowercased())
        return .ok
    }

    private func isTrue(_ value: ArraySlice<UInt8>?) -> Bool {
        guard let value else { return true }
        return !["false", "0", "no"].contains(String(decoding: value, as: UTF8.self))
    }
}
