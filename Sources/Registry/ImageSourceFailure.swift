package import Diagnostics

extension ImageSource {
    /// What cannot be built upon.
    package enum Failure: Error, Sendable, Equatable {
        case notFound(String)
        case noPlatform(String, offered: [String])
        case unreadable(String)

        /// The error for people.
        package var userError: UserError {
            switch self {
            case .notFound(let image):
                UserError(
                    .buildFailed, "the base image '\(image)' was not found", hint: "correct image.base in bim.yml")
            case .noPlatform(let image, let offered):
                UserError(
                    .platformMismatch, "the base image '\(image)' is for \(offered.joined(separator: ", ")) alone",
                    hint: "choose a base image for the platform's architecture")
            case .unreadable(let why): UserError(.buildFailed, why, hint: "push again")
            }
        }
    }
}
