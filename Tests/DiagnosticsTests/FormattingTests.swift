import Diagnostics
import Testing

struct FormattingTests {
    @Test(
        "A user and a password in an address are not shown, whatever is in them",
        arguments: [
            ("https://h/u/a?x=@y", "https://h/u/a?x=@y"), ("https://u:p@h/a", "https://…@h/a"),
            ("https://u:p@ss#q?r@h/a", "https://…@h/a"), ("u:p@h:a/b", "…@h:a/b"), ("local/a", "local/a"),
        ])
    func credentials(_ url: String, _ shown: String) {
        #expect(withoutCredentials(url) == shown)
        #expect(!Trace.shown(url + "?token=s").contains("token"))
    }

    @Test(
        "a duration has one decimal below a minute, minutes and seconds above",
        arguments: [
            (Duration.zero, "0.0 s"), (.milliseconds(49), "0.0 s"), (.milliseconds(50), "0.1 s"),
            (.milliseconds(149), "0.1 s"), (.milliseconds(950), "1.0 s"), (.seconds(1.25), "1.3 s"),
            (.milliseconds(59_949), "59.9 s"), (.milliseconds(59_950), "1 min 0 s"), (.seconds(65), "1 min 5 s"),
            (.milliseconds(119_900), "1 min 59 s"), (.seconds(120), "2 min 0 s"), (.seconds(3661), "61 min 1 s"),
        ])
    func duration(duration: Duration, text: String) {
        #expect(duration.short == text)
    }

    @Test(
        "a size has a decimal unit and at most three digits",
        arguments: [
            (Int64(0), "0 B"), (1, "1 B"), (999, "999 B"), (1000, "1.0 kB"), (1049, "1.0 kB"), (1250, "1.3 kB"),
            (9940, "9.9 kB"), (9960, "10 kB"), (38_000, "38 kB"), (38_600, "39 kB"), (999_000, "999 kB"),
            (999_600, "1.0 MB"), (1_200_000, "1.2 MB"), (46_000_000, "46 MB"), (999_900_000, "1.0 GB"),
            (4_294_967_296, "4.3 GB"), (2_500_000_000_000, "2500 GB"),
        ])
    func size(count: Int64, text: String) {
        #expect(formatBytes(count) == text)
    }

    @Test(
        "controls and changes of writing direction are replaced, letters of all scripts are not",
        arguments: [
            ("größe 中文 שלום 👩‍👩‍👧", "größe 中文 שלום 👩‍👩‍👧"), ("a\tb", "a\tb"), ("a\0b", "a\u{FFFD}b"),
            ("a\r\nb", "a\u{FFFD}\u{FFFD}b"), ("\u{1B}[31m", "\u{FFFD}[31m"),
            ("\u{7F}\u{85}\u{9B}", "\u{FFFD}\u{FFFD}\u{FFFD}"),
            ("\u{202A}\u{202E}x", "\u{FFFD}\u{FFFD}x"), ("\u{2066}\u{2069}x", "\u{FFFD}\u{FFFD}x"), ("", ""),
        ])
    func printableText(text: String, shown: String) {
        #expect(printable(text) == shown)
    }
}
