#!/usr/bin/env python3
"""A stand-in for Dagger's CLI, which cannot be had from the registries that the tests may use. It is not Dagger.

It understands the command lines that bim writes, in the spelling of 0.x (`call`, `run`) or, with STAND_IN_VERSION=1, of 1.0
(`api call`, `api with-session`), writes a real small OCI archive where it is told to, and records each call as a line of JSON in
STAND_IN_RECORD. STAND_IN_FAULT chooses how it fails.
"""
import base64
import hashlib
import http.server
import io
import json
import os
import signal
import subprocess
import sys
import tarfile
import threading
import time


def say(text):
    print(text, file=sys.stderr, flush=True)


def record(arguments):
    names = ("DAGGER_NO_NAG", "DO_NOT_TRACK", "_EXPERIMENTAL_DAGGER_RUNNER_HOST", "GIT_DIR")
    with open(os.environ["STAND_IN_RECORD"], "a") as file:
        kept = {name: os.environ[name] for name in names if name in os.environ}
        file.write(json.dumps({"arguments": arguments, "cwd": os.getcwd(), "environment": kept}) + "\n")


def add(archive, name, content):
    member = tarfile.TarInfo(name)
    member.size = len(content)
    archive.addfile(member, io.BytesIO(content))


def blob(archive, content, media_type):
    digest = hashlib.sha256(content).hexdigest()
    add(archive, f"blobs/sha256/{digest}", content)
    return {"mediaType": media_type, "digest": f"sha256:{digest}", "size": len(content)}


def image(path, files):
    """Writes an OCI archive of one layer."""
    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name, content in sorted(files.items()):
            add(tar, name, content)
    prefix = "application/vnd.oci.image"
    configuration = {
        "architecture": os.environ.get("STAND_IN_ARCHITECTURE", "amd64"), "os": "linux",
        "config": {"Cmd": ["/bin/sh", "-c", "echo dagger"], "WorkingDir": "/app"},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer.getvalue()).hexdigest()]},
    }
    with tarfile.open(path, "w") as archive:
        add(archive, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        layers = [blob(archive, layer.getvalue(), prefix + ".layer.v1.tar")]
        config = blob(archive, json.dumps(configuration).encode(), prefix + ".config.v1+json")
        manifest = {"schemaVersion": 2, "mediaType": prefix + ".manifest.v1+json", "config": config, "layers": layers}
        entry = blob(archive, json.dumps(manifest).encode(), prefix + ".manifest.v1+json")
        add(archive, "index.json", json.dumps({"schemaVersion": 2, "manifests": [entry]}).encode())


def export(path, source):
    """Writes what the function returns."""
    fault = os.environ.get("STAND_IN_FAULT")
    files = {"app/" + name: open(os.path.join(source, name), "rb").read() for name in os.listdir(source)
             if os.path.isfile(os.path.join(source, name))}
    if fault == "nothing":
        return
    if os.environ.get("STAND_IN_RETURNS") == "directory":
        os.mkdir(path)
        for name, content in files.items():
            with open(os.path.join(path, os.path.basename(name)), "wb") as file:
                file.write(content)
        return
    image(path, files)
    if fault == "truncated":
        with open(path, "r+b") as file:
            file.truncate(os.path.getsize(path) // 2)


def session(program):
    """Runs a program with a session that answers one query, as the SDKs ask it."""
    token = "stand-in-token"

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            expected = "Basic " + base64.b64encode(f"{token}:".encode()).decode()
            right = self.headers.get("Authorization") == expected
            self.send_response(200 if right else 401)
            self.end_headers()
            if right:
                self.wfile.write(b'{"data":{}}')

        def log_message(self, *arguments):
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    variables = dict(os.environ, DAGGER_SESSION_PORT=str(server.server_port), DAGGER_SESSION_TOKEN=token)
    return subprocess.run(program, env=variables).returncode


def main():
    arguments = sys.argv[1:]
    record(arguments)
    words = [word for word in arguments if word != "--progress=plain"]
    module = words[1] if words[:1] == ["-m"] else None
    words = words[2:] if module else words
    fault = os.environ.get("STAND_IN_FAULT")
    is_new = os.environ.get("STAND_IN_VERSION") == "1"
    if is_new != (words[0] == "api"):
        say(f'Error: unknown command or file "{words[0]}" for "dagger"')
        return 1
    words = words[1:] if is_new else words
    if fault == "engine":
        say("Error: start engine: failed to run container: Cannot connect to the Docker daemon")
        return 1
    if fault == "hang":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(3600)
    if words[0] in ("run", "with-session"):
        return session(words[1:])
    function = words[1]
    say(f"1 : {function}")
    if fault == "exec" or (function == "test" and os.environ.get("STAND_IN_TEST") == "fails"):
        say("Stdout:\nbuilding\nStderr:\nthe compiler is unhappy")
        return 42
    source = next(word.split("=", 1)[1] for word in words if word.startswith("--source="))
    if "-o" in words:
        export(words[words.index("-o") + 1], source)
    say("1 : done")
    return 0


sys.exit(main())
