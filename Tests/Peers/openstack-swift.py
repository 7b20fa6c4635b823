#!/usr/bin/env python3
"""Runs OpenStack Swift with its S3 interface in one process, until its input ends: a strict peer for clients of S3.

Everything lies in a temporary folder, whose file system must know extended attributes. The user is `test:tester`, the
secret `testing`, the region `us-east-1`. Says `listening on 127.0.0.1:PORT` when it does.
"""
import os
import shutil
import sys
import tempfile
import warnings

# The library that Swift is written with advises against itself.
warnings.simplefilter("ignore")

import eventlet  # noqa: E402
import eventlet.wsgi  # noqa: E402

eventlet.monkey_patch()

from swift.common import utils, wsgi  # noqa: E402
from swift.common.http_protocol import SwiftHttpProtocol  # noqa: E402
from swift.common.ring import RingBuilder  # noqa: E402

PIPELINE = "catch_errors gatekeeper cache s3api tempauth copy slo dlo versioned_writes symlink proxy-server"


def write(folder, name, text):
    path = os.path.join(folder, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def section(kind, name, **settings):
    lines = [f"[{kind}:{name}]", f"use = egg:swift#{name.split('-')[0] if kind == 'app' else name}"]
    return "\n".join(lines + [f"{key} = {value}" for key, value in settings.items()]) + "\n\n"


def storage_server(folder, kind):
    """The account, container or object server, and the ring that leads to it."""
    listener = eventlet.listen(("127.0.0.1", 0))
    ring = RingBuilder(4, 1, 1)
    ring.add_dev({
        "region": 1, "zone": 1, "ip": "127.0.0.1", "port": listener.getsockname()[1], "device": "disk", "weight": 1,
    })
    ring.rebalance()
    ring.get_ring().save(os.path.join(folder, f"{kind}.ring.gz"))
    text = f"[DEFAULT]\nswift_dir = {folder}\ndevices = {folder}/devices\nmount_check = false\n\n"
    text += f"[pipeline:main]\npipeline = {kind}-server\n\n" + section("app", f"{kind}-server")
    return listener, write(folder, f"{kind}-server.conf", text)


def proxy_server(folder):
    listener = eventlet.listen(("127.0.0.1", 0), backlog=128)
    text = f"[DEFAULT]\nswift_dir = {folder}\n\n[pipeline:main]\npipeline = {PIPELINE}\n\n"
    text += section("app", "proxy-server", account_autocreate="true", allow_account_management="true")
    for name in PIPELINE.split()[:-1]:
        settings = {}
        if name == "cache":
            # Nobody listens there: what could be remembered is asked for.
            text += "[filter:cache]\nuse = egg:swift#memcache\nmemcache_servers = 127.0.0.1:1\n\n"
            continue
        if name == "tempauth":
            settings = {"user_test_tester": "testing .admin"}
        if name == "s3api":
            settings = {"location": "us-east-1", "s3_acl": "false"}
        if name == "versioned_writes":
            settings = {"allow_versioned_writes": "true"}
        text += section("filter", name, **settings)
    return listener, write(folder, "proxy-server.conf", text)


def end_with_input(folder):
    """Ends the process, and its folder, when whoever started it is gone."""
    sys.stdin.buffer.raw.read()
    shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)


def main():
    folder = tempfile.mkdtemp(prefix="bim-swift-")
    eventlet.patcher.original("threading").Thread(target=end_with_input, args=(folder,), daemon=True).start()
    os.makedirs(f"{folder}/devices/disk")
    policy = "[storage-policy:0]\nname = one\ndefault = yes\n"
    write(folder, "swift.conf", f"[swift-hash]\nswift_hash_path_suffix = test\n\n{policy}")
    utils.set_swift_dir(folder)
    servers = [storage_server(folder, kind) for kind in ("account", "container", "object")]
    servers.append(proxy_server(folder))
    # What each server says of itself is of no use here.
    threads = [
        eventlet.spawn(
            eventlet.wsgi.server, listener, wsgi.loadapp(path), log_output=False, protocol=SwiftHttpProtocol,
            capitalize_response_headers=False, socket_timeout=60)
        for listener, path in servers
    ]
    print(f"listening on 127.0.0.1:{servers[-1][0].getsockname()[1]}", flush=True)
    for thread in threads:
        thread.wait()


if __name__ == "__main__":
    main()
