"""A small web app with nothing to install: the Python standard library alone."""

import os
import signal
import threading
from html import escape
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from string import Template

GREETING = "Hello from git push"

# The platform gives these to every instance; the second value is for running the app by hand.
FACTS = {
    "app": os.environ.get("BIM_APP", "hello"),
    "environment": os.environ.get("BIM_ENVIRONMENT", "this terminal"),
    "release": os.environ.get("BIM_RELEASE", "none yet"),
    "commit": os.environ.get("BIM_COMMIT", "none yet")[:8],
}
PAGE = Template(Path(__file__).with_name("page.html").read_text(encoding="utf-8"))


def page():
    values = {"greeting": GREETING, **FACTS}
    return PAGE.substitute({name: escape(value) for name, value in values.items()})


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == "/":
            self.answer(200, page(), "text/html; charset=utf-8")
        elif path == "/health":
            self.answer(200, "ok\n", "text/plain; charset=utf-8")
        else:
            self.answer(404, "not found\n", "text/plain; charset=utf-8")

    do_HEAD = do_GET

    def answer(self, status, text, content_type):
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    # Requests that are being answered when the app is stopped are answered to the end.
    daemon_threads = False


def main():
    server = Server(("127.0.0.1", int(os.environ.get("PORT", "8000"))), Handler)
    # shutdown() waits for serve_forever(), which runs on this thread: it must be called from another.
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    print(f"listening on http://127.0.0.1:{server.server_port}", flush=True)
    server.serve_forever()
    server.server_close()
    print("stopped", flush=True)


if __name__ == "__main__":
    main()
