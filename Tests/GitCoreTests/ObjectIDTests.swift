import GitCore
import Testing

@Suite struct ObjectIDTests {
    let hex = "0123456789abcdeffedcba98765432100f1e2d3c"

    @Test("Forty digits of either case make an id that prints in lower case")
    func roundTrip() {
        #expect(ObjectID(hex: hex)?.hex == hex)
        #expect(ObjectID(hex: hex.uppercased())?.description == hex)
        #expect(ObjectID(hex: hex)?.abbreviated() == "0123456")
        #expect(ObjectID(hex: hex)?.abbreviated(20) == "0123456789abcdeffedc")
    }

    @Test(
        "Anything else is no id",
        arguments: [
            "", "HEAD", String(repeating: "0", count: 39),
            String(repeating: "0", count: 64), String(repeating: "0", count: 39) + "g",
            String(repeating: "é", count: 20),
        ])
    func refusal(text: String) {
        #expect(ObjectID(hex: text) == nil)
    }

    @Test("Ids are ordered like their digits, whichever part of them differs", arguments: [0, 15, 16, 31, 32, 39])
    func order(position: Int) throws {
        var digits = Array(repeating: Character("7"), count: 40)
        let middle = try #require(ObjectID(hex: String(digits)))
        digits[position] = "8"
        let greater = try #require(ObjectID(hex: String(digits)))
        #expect(middle < greater)
        #expect(!(greater < middle))
        #expect(Set([middle, greater, middle]).count == 2)
    }

    @Test("The zero id is forty zeros and nothing else")
    func zero() {
        #expect(ObjectID.zero.hex == String(repeating: "0", count: 40))
        #expect(ObjectID.zero.isZero)
        #expect(ObjectID(hex: hex)?.isZero == false)
    }
}
