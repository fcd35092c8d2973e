"""A small real HTTP server with the driver's part of the API, which can be away or lose answers.

It keeps what it is told in plain attributes, so that a test can compare every byte and point.
"""

import hashlib
import io
import json
import os
import socket
import socketserver
import struct
import threading
import time
from http.server import BaseHTTPRequestHandler
from urllib.parse import parse_qs, unquote, urlsplit

TOKEN = "ty_test"


class FakeStudio:
    """Listens on loopback, and on a Unix socket when a path is given.

    It has one run, on the nodes in `nodes`: task → what the job says to that node alone. `finished`
    is how the first of them ended, `ends` how each did. One that failed ends the others.
    """

    def __init__(self, socket_path=None):
        self.lock = threading.RLock()
        self.blobs, self.logs, self.points, self.writers = {}, {}, {}, {}
        self.files, self.states, self.calls = {}, [], []
        self.finished, self.ends, self.nodes, self.failed = None, {}, {"task-1": {}}, {}
        self.cancel = False
        self.ended = False
        self.heartbeats = 0
        self.away = False
        self.takes_blobs = self.takes_packed = True
        self.kinds, self.forms, self.most_names = [], {}, 10000
        self.most_files = 200_000
        self.lose_answers = 0
        self.batch_takes_s = 0.0
        self.job = {
            "run_id": "exp_1_abcdef01",
            "experiment": "exp",
            "workspace": "default",
            "script": "train.py",
            "arguments": [],
            "variables": {},
            "files": [],
            "outputs": [],
            "cancel": False,
            "cancel_grace_s": 2,
            "cluster": "cpu-cluster",
            "node_number": 1,
        }
        self.servers = [_Tcp(("127.0.0.1", 0), _Handler)]
        if socket_path:
            self.servers.append(_Unix(str(socket_path), _Handler))
        self.url = f"http://127.0.0.1:{self.servers[0].server_address[1]}"
        for server in self.servers:
            server.studio = self
            threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()

    def close(self):
        for server in self.servers:
            server.shutdown()
            server.server_close()

    def code(self, **files):
        """Give the job these files; __ stands for / and the ending is .py unless there is one."""
        for name, text in files.items():
            path = name.replace("__", "/") + ("" if "." in name else ".py")
            self.add_file(path, text)

    def add_file(self, path, text, where="files"):
        content = text.encode() if isinstance(text, str) else text
        sha256 = hashlib.sha256(content).hexdigest()
        self.blobs[sha256] = content
        self.job[where].append([path, sha256, len(content)])

    # --- the API ---
    def answer(self, method, path, query, body):
        """Return (status, JSON or bytes)."""
        with self.lock:
            name = path[len("/api/v1/driver/") :]
            if not path.startswith("/api/v1/driver/"):
                return _error(404, "not_found", path)
            if self.ended or (len(self.ends) == len(self.nodes) and name != "finish"):
                return _error(409, "conflict", "the run has ended")
            if name.startswith("blobs/"):
                return self._blob(method, name[6:], body)
            return getattr(self, "_" + name)(query, body)

    def _blob(self, method, sha256, body):
        if method == "GET":
            if sha256 not in self.blobs:
                return _error(404, "not_found", sha256)
            return 200, self.blobs[sha256]
        if not self.takes_blobs:
            return _error(503, "unreachable", "not now")
        if sha256 == "batch":
            return self._batch(body)
        if hashlib.sha256(body).hexdigest() != sha256:
            return _error(400, "bad_input", "other content")
        self.blobs[sha256] = body
        return 200, {"sha256": sha256, "size_bytes": len(body)}

    def _batch(self, body):
        contents, file = {}, io.BytesIO(body)
        while head := file.readline():
            sha256, size = head.split()
            contents[sha256.decode()] = file.read(int(size))
        if any(hashlib.sha256(one).hexdigest() != name for name, one in contents.items()):
            return _error(400, "bad_input", "other content")
        self.blobs.update(contents)
        return 200, {"kept": len(contents)}

    def _job(self, query, body):
        return 200, {**self.job, **self.nodes.get(_task(query), {})}

    def _state(self, query, body):
        self.states.append(json.loads(body)["state"])
        return 200, {"cancel": self._is_to_end(query)}

    def _heartbeat(self, query, body):
        self.heartbeats += 1
        failed = json.loads(body).get("failed")
        if failed:
            self.failed.setdefault(_task(query), failed)
        return 200, {"cancel": self._is_to_end(query)}

    def _is_to_end(self, query):
        bad = {task for task, end in self.ends.items() if end["exit_code"] != 0}
        return self.cancel or bool((bad | set(self.failed)) - {_task(query)})

    def _log(self, query, body):
        kept = self.logs.setdefault(query["path"][0], bytearray())
        if int(query["offset"][0]) != len(kept):
            return _error(409, "wrong_offset", "offset", at=len(kept))
        kept += body
        return 200, {"at": len(kept)}

    def _metrics(self, query, body):
        """`forms` keeps name → (kind, form). takes_packed False: as studios once were."""
        self.kinds += query["type"]
        time.sleep(self.batch_takes_s)
        is_packed = query["type"] == ["application/x-trainyard-points"]
        if is_packed and not self.takes_packed:
            return _error(415, "bad_input", "Unsupported media type")
        said = _unpacked(body) if is_packed else json.loads(body)
        last = self.writers.get(said["writer"], 0)
        if said["sequence"] <= last:
            return 200, {"sequence": last}
        if said["sequence"] != last + 1:
            return _error(409, "wrong_offset", "gap", at=last)
        names = [one["name"] for one in said["series"]]
        if len(set(names)) != len(names):
            return _error(400, "bad_input", "a series is listed twice")
        if len(self.points.keys() | set(names)) > self.most_names:
            return _error(400, "bad_input", "too many names")
        for one in said["series"]:
            points = self.points.setdefault(one["name"], [])
            points += zip(one["steps"], one["values"], strict=True)
            self.forms[one["name"]] = one["kind"], one["form"]
        self.writers[said["writer"]] = said["sequence"]
        return 200, {"sequence": said["sequence"]}

    def _files(self, query, body):
        listed = dict(json.loads(body)["files"])
        missing = [sha256 for sha256 in listed.values() if sha256 not in self.blobs]
        if missing:
            return _error(409, "missing_blobs", "missing", missing=missing)
        room = self.most_files - len(self.files)
        if len(listed.keys() - self.files.keys()) > room:
            return _error(400, "bad_input", "full", most_files=self.most_files, room=max(0, room))
        self.files.update(listed)
        return 200, {"files": len(listed)}

    def _finish(self, query, body):
        said = self.ends.setdefault(_task(query), json.loads(body))
        self.finished = self.finished or said
        return 200, {}

    def text(self, path="azureml-logs/70_driver_log.txt"):
        return bytes(self.logs.get(path, b"")).decode()


def _unpacked(body):
    """Read a packed batch as docs/api.md says; what is left over is an error."""
    head, _, columns = body.partition(b"\n")
    said = json.loads(head)
    for one in said["series"]:
        for name, kind in (("steps", "q"), ("times", "d"), ("values", "d")):
            if name not in one:
                size = 8 * one["count"]
                one[name] = list(struct.unpack("<{}{}".format(one["count"], kind), columns[:size]))
                columns = columns[size:]
    assert not columns
    return said


def _task(query):
    return query.get("task", [""])[0]


def _error(status, code, message, **facts):
    return status, {"error": {"code": code, "message": message, "fields": {}, **facts}}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def setup(self):
        if isinstance(self.request, socket.socket) and self.request.family == socket.AF_UNIX:
            self.disable_nagle_algorithm = False
        super().setup()

    def _serve(self):
        studio = self.server.studio
        if studio.away:
            self.close_connection = True
            self.connection.close()
            return
        parts = urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        studio.calls.append((self.command, parts.path, self.client_address))
        if self.headers.get("Authorization") != "Bearer " + TOKEN:
            status, answer = _error(401, "not_signed_in", "wrong token")
        else:
            query = {**parse_qs(parts.query), "type": [self.headers.get("Content-Type")]}
            status, answer = studio.answer(self.command, unquote(parts.path), query, body)
        if studio.lose_answers and self.command != "GET":
            studio.lose_answers -= 1
            self.close_connection = True
            self.connection.close()
            return
        content = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def __getattr__(self, name):
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def finish(self):
        try:
            super().finish()
        except (OSError, ValueError):
            pass

    def log_message(self, *words):
        pass


class _Tcp(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        pass


class _Unix(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request, client_address):
        pass

    def server_close(self):
        super().server_close()
        os.unlink(self.server_address)
