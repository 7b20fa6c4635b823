import Testing

@testable import RemoteHelper

struct CStyleQuotingTests {
    @Test(
        "quoted text is unquoted as git does it",
        arguments: [
            (#""""#, ""), (#""abc""#, "abc"), (#""\a\b\t\n\v\f\r""#, "\u{7}\u{8}\t\n\u{B}\u{C}\r"),
            (#""\"\\""#, #""\"#),
            (#""\303\274""#, "ü"), (#""\001\177""#, "\u{1}\u{7F}"), ("\"ü\"", "ü"),
        ])
    func unquote(quoted: String, plain: String) {
        #expect(CStyleQuoting.unquote(quoted.utf8) == Array(plain.utf8))
    }

    @Test(
        "what is not one complete quoted text is not unquoted",
        arguments: [
            "", "abc", "\"", "\"abc", "abc\"", "\"a\"b", #""\""#, #""\"#, #""\x41""#, #""\400""#, #""\18""#, #""\9""#,
            #""\1""#,
        ])
    func notQuoted(text: String) {
        #expect(CStyleQuoting.unquote(text.utf8) == nil)
    }

    @Test("every byte survives quoting")
    func roundTrip() {
        let bytes = (0...255).map { UInt8($0) }
        for byte in bytes {
            #expect(CStyleQuoting.unquote(CStyleQuoting.quote([byte, byte])) == [byte, byte])
        }
        let quoted = CStyleQuoting.quote(bytes)
        #expect(CStyleQuoting.unquote(quoted) == bytes)
        #expect(quoted.allSatisfy { $0 >= 0x20 && $0 != 0x7F })
    }
}
