@testable import Platform
import PlatformAPI
import Testing

struct PushAdviceTests {
    @Test(
        "The URL to type is the one that was asked, with the scheme that the helper takes",
        arguments: [
            ("127.0.0.1:8080", false, "acme", "bim::http://127.0.0.1:8080/acme/api"),
            ("127.0.0.1:8080", true, "acme", "bim::https://127.0.0.1:8080/acme/api"),
            ("127.0.0.1:8080", false, "local", "bim::local/api"),
            ("[::1]:80", false, "acme", "bim::http://[::1]:80/acme/api"),
            ("backend.example", false, "acme", "bim::https://backend.example/acme/api"),
            ("backend.example:8443", true, "local", "bim::https://backend.example:8443/local/api"),
            ("host/$(id)", false, "acme", "bim::https://<host>/acme/api"),
            (nil, false, "acme", "bim::https://<host>/acme/api"),
        ] as [(String?, Bool, String, String)])
    func url(authority: String?, isSecure: Bool, user: String, url: String) {
        #expect(PushAdvice.url(of: AppID(user: user, app: "api"), authority: authority, isSecure: isSecure) == url)
    }
}
