import Diagnostics
import Testing

@testable import PushPipeline

/// What `git push -o` may ask for.
struct PushWishesTests {
    @Test("Each option is read; of several values the last counts, and the pusher's own keep their order")
    func known() throws {
        let wishes = try PushWishes([
            "env=staging", "wait=2m", "no-cache", "skip-tests=the runner is down", "open", "message=one",
            "message=a=b", "x-b=2", "x-a", "x-b=2",
        ])
        #expect(wishes.environment == "staging")
        #expect(wishes.patience == .seconds(120))
        #expect(!wishes.usesCache && wishes.opens)
        #expect(wishes.skippedTests == "the runner is down")
        #expect(wishes.message == "a=b")
        #expect(wishes.extra == ["x-b=2", "x-a", "x-b=2"])
        #expect(try PushWishes(["detach"]).patience == .zero)
        #expect(try PushWishes([]) == PushWishes())
    }

    @Test(
        "Another option, or one without the value that it needs, is refused with the list of the known ones",
        arguments: [
            "wat", "env", "env=", "wait=", "wait=soon", "wait=-1", "detach=1", "skip-tests", "skip-tests= ", "open=yes",
            "message", "", "=x",
        ])
    func refused(_ option: String) {
        let error = #expect(throws: UserError.self) { try PushWishes([option]) }
        #expect(error?.code == .configInvalid)
        #expect(error?.hint?.contains("skip-tests=<reason>") == true)
    }
}
