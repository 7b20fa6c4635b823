/// What the architecture has to know of one Swift file.
struct SourceFile {
    let target: String
    /// The path inside `Sources`, for messages.
    let path: String
    let text: String

    /// The modules that the file imports.
    var imports: Set<String> {
        let statement =
            #/
            ^ (?: @ \w+ (?: \( [^)]* \) )? \s+ )*
            (?: (?: public | package | internal | fileprivate | private ) \s+ )?
            import \s+
            (?: (?: struct | class | enum | protocol | func | var | let | typealias ) \s+ )?
            ( \w+ )
            /#.anchorsMatchLineEndings()
        return Set(text.matches(of: statement).map { String($0.1) })
    }

    /// Whether a declaration of the file is visible outside the package.
    var declaresPublic: Bool {
        text.contains(/^\s*(?:@\w+(?:\([^)]*\))?\s+)*public\s+(?!import\b)/.anchorsMatchLineEndings())
    }
}
