"""A registry of images with one image in it: what an engine pulls from, on this machine."""

import hashlib
import io
import json
import os
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TYPE = "application/vnd.docker.distribution.manifest.v2+json"
LAYER = "application/vnd.docker.image.rootfs.diff.tar.gzip"
CONFIG = "application/vnd.docker.container.image.v1+json"

UNKNOWN = b'{"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]}'


@contextmanager
def serving(name: str, size_bytes: int) -> Iterator[str]:
    """Yield the address of `name`:1, an image of one file that nobody has yet."""
    blobs: dict[str, tuple[str, bytes]] = {}
    layer = _layer(size_bytes)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}[os.uname().machine]
    config = json.dumps(
        {
            "architecture": machine,
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer)]},
            "history": [{"created": "2026-01-01T00:00:00Z"}],
            "created": "2026-01-01T00:00:00Z",
        }
    ).encode()
    manifest = json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": TYPE,
            "config": {"mediaType": CONFIG, "size": len(config), "digest": _digest(config)},
            "layers": [{"mediaType": LAYER, "size": len(layer), "digest": _digest(layer)}],
        }
    ).encode()
    for kind, data in ((CONFIG, config), (LAYER, layer)):
        blobs[f"/v2/{name}/blobs/{_digest(data)}"] = (kind, data)
    for reference in ("1", _digest(manifest)):
        blobs[f"/v2/{name}/manifests/{reference}"] = (TYPE, manifest)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler({**blobs, "/v2/": (CONFIG, b"{}")}))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.server_port}/{name}:1"
    finally:
        server.shutdown()
        server.server_close()


def _handler(blobs: dict[str, tuple[str, bytes]]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self.answer()

        def do_GET(self) -> None:
            self.wfile.write(self.answer())

        def answer(self) -> bytes:
            kind, data = blobs.get(self.path, ("", UNKNOWN))
            self.send_response(200 if kind else 404)
            self.send_header("Content-Type", kind or "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.send_header("Docker-Content-Digest", _digest(data))
            self.end_headers()
            return data

        def log_message(self, *_: object) -> None:
            pass

    return Handler


def _layer(size_bytes: int) -> bytes:
    """A tar as it is; engines unpack what they find, compressed or not."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        entry = tarfile.TarInfo("nothing-to-run")
        entry.size = size_bytes
        tar.addfile(entry, io.BytesIO(os.urandom(size_bytes)))
    return file.getvalue()


def _digest(data: bytes) -> str:
    return "sha256:" + hashlib.sha256(data).hexdigest()
