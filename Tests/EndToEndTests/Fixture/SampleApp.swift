/// The Python programs that the tests deploy.
enum SampleApp {
    /// Answers every path with `body`; `before` runs before it listens.
    static func answering(_ body: String, before: String = "pass", status: Int = 200) -> String {
        """
        import http.server, os, sys, time
        \(before)
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                body = b"\(body)"
                self.send_response(\(status))
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            def log_message(self, *arguments):
                pass
        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128
        Server(("127.0.0.1", int(os.environ["PORT"])), Handler).serve_forever()

        """
    }

    /// Ends at start-up with a traceback.
    static let crashing = """
        import os
        print("reading the settings", flush=True)
        os.environ["DATABASE_URL"]

        """

    /// Lives and never listens.
    static let silent = "import time\ntime.sleep(3600)\n"
}
