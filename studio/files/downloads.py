"""Files out of the studio: with Range, ETag and their right name, or many as one streamed zip.

What people's scripts wrote never runs in our origin: everything but plain text, images, audio
and video is an attachment, and a sandbox policy covers the rest.
"""

import mimetypes
import re
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from asgiref.sync import sync_to_async
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.http import content_disposition_header
from zipstream import ZIP_STORED, ZipStream

from studio.files import blobs, sending
from studio.models import Blob

Body = Iterable[bytes] | AsyncIterator[bytes]
RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
SHOWN = re.compile(r"text/plain|image/(png|jpeg|gif|webp|bmp)|audio/.+|video/.+|application/json")
# Models are compressed already: a zip here is a folder to carry, not a saving.
ZIP_CHUNK_BYTES = 1024 * 1024
# Not every machine has a list of types, and Python's own lacks it.
mimetypes.add_type("image/webp", ".webp")


def file_response(request: HttpRequest, blob: Blob, name: str) -> HttpResponseBase:
    """Answer with a blob's bytes under `name`. Understands Range, If-Range and If-None-Match.

    Raises NotFound when the bytes are gone: before the answer begins, and not in its middle.
    """
    scope = getattr(_inner(request), "scope", {})  # only ASGI has one
    cycle = sending.connection_of(scope.get(sending.KEY))
    by_kernel = cycle is not None and blobs.local_path(blob.sha256) is not None

    def read(start: int, length: int) -> Body:
        if by_kernel:
            return sending.by_kernel(cycle, blobs.open_blob(blob.sha256), start, length)
        return blobs.read_range(blob.sha256, start, length)

    return bytes_response(
        request, size=blob.size_bytes, etag=f'"{blob.sha256}"', name=name, read=read
    )


def bytes_response(
    request: HttpRequest,
    *,
    size: int,
    etag: str,
    name: str,
    read: Callable[[int, int], Body],
) -> HttpResponseBase:
    """Answer with `size` bytes that `read(start, length)` yields, or the range asked for."""
    if request.headers.get("If-None-Match") == etag:
        return HttpResponse(status=304, headers={"ETag": etag})
    start, length, status = 0, size, 200
    asked = RANGE.fullmatch(request.headers.get("Range", ""))
    if asked and request.headers.get("If-Range", etag) == etag:
        span = _span(asked[1], asked[2], size)
        if span is None:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        start, length, status = *span, 206
    body: Body = read(start, length) if request.method != "HEAD" else ()
    response = StreamingHttpResponse(_for(request, body), status=status)
    response["Content-Length"] = str(length)
    response["Accept-Ranges"] = "bytes"
    response["ETag"] = etag
    response["Cache-Control"] = "private, no-cache"
    if status == 206:
        response["Content-Range"] = f"bytes {start}-{start + length - 1}/{size}"
    _name(response, name, attachment=bool(request.GET.get("download")))
    return response


def zip_response(
    request: HttpRequest, entries: Iterable[tuple[str, Iterable[bytes]]], name: str
) -> HttpResponseBase:
    """Answer with (path, bytes) entries as one zip called `name`, made while it is sent."""
    archive = ZipStream(compress_type=ZIP_STORED)
    for path, data in entries:
        archive.add(data, path)
    return made_response(request, _large_pieces(archive), name, kind="application/zip")


def made_response(
    request: HttpRequest, body: Iterable[bytes], name: str, *, kind: str
) -> HttpResponseBase:
    """Answer with what is made while it is sent, as a file `name` of the content type `kind`."""
    response = StreamingHttpResponse(_for(request, body))
    _name(response, name, attachment=True)
    response["Content-Type"] = kind
    return response


def _for(request: HttpRequest, body: Body) -> Body:
    """Under ASGI Django would gather a plain iterator in memory: read it piece by piece instead."""
    if isinstance(body, Iterable) and isinstance(_inner(request), ASGIRequest):
        return _piece_by_piece(iter(body))
    return body


def _inner(request: HttpRequest) -> HttpRequest:
    """Django's request: DRF wraps the one it was given."""
    inner: HttpRequest = getattr(request, "_request", request)
    return inner


async def _piece_by_piece(body: Iterator[bytes]) -> AsyncIterator[bytes]:
    following = sync_to_async(lambda: next(body, None))
    while (piece := await following()) is not None:
        yield piece


def _span(first: str, last: str, size: int) -> tuple[int, int] | None:
    """(start, length) of an HTTP byte range, None when nothing of it exists."""
    if first:
        start = int(first)
        end = min(int(last) if last else size - 1, size - 1)
    elif last:
        start, end = max(0, size - int(last)), size - 1
    else:
        return None
    return (start, end - start + 1) if start <= end else None


def _large_pieces(archive: Iterable[bytes]) -> Iterator[bytes]:
    """Join a zip's many small headers to pieces worth sending."""
    waiting: list[bytes] = []
    size = 0
    for piece in archive:
        waiting.append(piece)
        size += len(piece)
        if size >= ZIP_CHUNK_BYTES:
            yield b"".join(waiting)
            waiting, size = [], 0
    if waiting:
        yield b"".join(waiting)


def _name(response: HttpResponseBase, name: str, *, attachment: bool) -> None:
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/") or kind in ("application/x-yaml", "application/yaml"):
        kind = "text/plain"
    if kind == "text/plain":
        response["Content-Type"] = "text/plain; charset=utf-8"
    else:
        response["Content-Type"] = kind
    attach = attachment or not SHOWN.fullmatch(kind)
    response["Content-Disposition"] = (
        content_disposition_header(attach, name.rsplit("/", 1)[-1]) or "attachment"
    )
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = "sandbox; default-src 'none'"
