"""The API below /api/v1, for one workspace. Each thread has its own connection."""

import os
import threading
from typing import Any, Callable, Dict, Iterator, List, Optional, Sequence, Set, TypeVar

from trainyard import _errors
from trainyard._lazy import hashlib, pools
from trainyard._transport import UPLOAD_TIMEOUT_S, FilePart, Transport, quoted
from trainyard._uploads import API, LARGE_BYTES, Progress, Upload

CONNECTIONS = 4
PIECE_BYTES = 1024 * 1024
Job = TypeVar("Job")


class Client:
    """Calls of the API by name; paths below are relative to /api/v1/.

    Raises the studio's errors as classes of `_errors`, and Unreachable.
    """

    def __init__(
        self,
        url: str,
        token: str,
        socket_path: Optional[str] = None,
        patience_s: Optional[float] = None,
    ):
        self.url = url.rstrip("/")
        self._patience_s = patience_s
        self._token = token
        self._socket_path = socket_path
        self._own = threading.local()
        self._opened: List[Transport] = []
        self._base: Optional[str] = None
        self.transport()

    @property
    def token(self) -> str:
        """The bearer token that every call carries."""
        return self._token

    def transport(self) -> Transport:
        """Return this thread's connection."""
        transport = getattr(self._own, "transport", None)
        if transport is None:
            transport = Transport(self.url, self._token, self._socket_path, self._patience_s)
            self._own.transport = transport
            self._opened.append(transport)
        return transport

    def be_patient(self, seconds: float) -> None:
        """Let connections that are opened from now on try a call for so long, and no longer."""
        self._patience_s = seconds
        self._own = threading.local()

    def close(self) -> None:
        """Close the connections of all threads; a later call opens another."""
        for transport in self._opened:
            transport.close()

    def get(self, api_path: str, **query: Any) -> Any:
        """Return the JSON that `GET` answers; a value of the query that is None is left out."""
        return self.transport().request("GET", API + api_path, query).json()

    def post(self, path: str, data: Any, repeatable: bool = True) -> Any:
        """Send JSON and return the answer's; repeatable: whether doing it twice is harmless."""
        return self.transport().request("POST", API + path, data=data, repeatable=repeatable).json()

    def patch(self, path: str, data: Any) -> Any:
        """Change what is at a path by the keys of `data`; return it as it is then."""
        return self.transport().request("PATCH", API + path, data=data).json()

    def delete(self, path: str) -> None:
        """Delete what is at a path."""
        self.transport().request("DELETE", API + path)

    def items(self, api_path: str, **query: Any) -> Iterator[Dict[str, Any]]:
        """Yield the items of a paged list, asking for page after page."""
        while True:
            page = self.get(api_path, **query)
            for item in page["items"]:
                yield item
            if not page.get("next"):
                return
            query["cursor"] = page["next"]

    def put_blob(self, path: str, source: str, progress: Optional[Progress] = None) -> None:
        """Send the file `source` to `path` (…/blobs/<sha256>); a large one in pieces.

        progress: called with the bytes of it that were sent so far, and its size.
        """
        base, _, sha256 = path.rpartition("blobs/")
        with open(source, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGE_BYTES and base.startswith("workspaces/"):
                Upload(self.transport(), base).send(file, sha256, progress)
                return
            said = None if progress is None else (lambda done: progress(done, size))
            part = FilePart(file, 0, size, said)
            self.transport().request("PUT", API + path, body=part, timeout_s=UPLOAD_TIMEOUT_S)

    def put_file(
        self, path: str, sha256: Optional[str] = None, progress: Optional[Progress] = None
    ) -> str:
        """Send the file `path` to the token's workspace, unless its content is there; return its
        SHA-256.

        A file of more than 8 MiB goes in pieces: after a cut it goes on where it was.
        progress: called with the bytes that were sent so far, and the file's size.
        Raises OSError for a file that cannot be read, the studio's errors, Unreachable.
        """
        sha256 = sha256 or file_sha256(path)
        base = self._workspace_base()
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            if size > LARGE_BYTES:
                Upload(self.transport(), base).send(file, sha256, progress)
                return sha256
            if self.post(base + "blobs/missing", {"sha256": [sha256]})["missing"]:
                self.transport().request(
                    "PUT", API + base + "blobs/" + sha256, body=FilePart(file, 0, size)
                )
        if progress is not None:
            progress(size, size)
        return sha256

    def _workspace_base(self) -> str:
        """Return the path below which the token's workspace is; a token is of one only."""
        if self._base is None:
            self._base = "workspaces/{}/".format(quoted(self.get("me")["workspace"]))
        return self._base

    def download(self, path: str, destination: str, size: Optional[int] = None) -> None:
        """Write the bytes at `path` to the file `destination`, whole or not at all.

        Its folder is made. Raises Unreachable when the size is not the one that was said.
        """
        folder = os.path.dirname(os.path.abspath(destination))
        os.makedirs(folder, exist_ok=True)
        part = "{}.{}.part".format(destination, os.getpid())
        try:
            with open(part, "wb") as file:
                came = self.transport().download(API + path, file.write)
            if size is not None and came != size:
                raise _errors.Unreachable(
                    "{} has {} bytes, but {} came; try again".format(path, size, came)
                )
            os.replace(part, destination)
        finally:
            if os.path.exists(part):
                os.remove(part)

    def side_by_side(self, work: Callable[[Job], Any], jobs: Sequence[Job]) -> None:
        """Call `work` for every job over several connections; the first error is raised."""
        if len(jobs) < 2:
            for job in jobs:
                work(job)
            return
        used: Set[Transport] = set()

        def one(job: Job) -> None:
            used.add(self.transport())
            work(job)

        try:
            with pools.ThreadPoolExecutor(min(CONNECTIONS, len(jobs))) as pool:
                futures = [pool.submit(one, job) for job in jobs]
                try:
                    for future in futures:
                        future.result()
                except BaseException:
                    for future in futures:
                        future.cancel()
                    raise
        finally:
            for transport in used:
                transport.close()
                self._opened.remove(transport)


def file_sha256(path: str) -> str:
    """Return the SHA-256 of a file's bytes, as 64 hex digits."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for piece in iter(lambda: file.read(PIECE_BYTES), b""):
            digest.update(piece)
    return str(digest.hexdigest())


def file_path(base: str, path: str) -> str:
    """Return `base` plus a file's path, quoted for a URL."""
    return "{}/{}".format(base, quoted(path))
