"""What a file is: by its name where its first bytes agree, else by its first bytes."""

import re

HEAD_BYTES = 8192
MIB = 1024 * 1024

PICTURES = {
    "png": b"\x89PNG", "jpg": b"\xff\xd8\xff", "jpeg": b"\xff\xd8\xff", "gif": b"GIF8",
    "webp": b"RIFF", "bmp": b"BM",
}  # fmt: skip
SOUNDS = {"wav", "mp3", "ogg", "oga", "flac", "m4a", "opus", "aac"}
FILMS = {"mp4", "webm", "mov", "m4v", "ogv", "mkv"}
PAGES = {"html": "page", "htm": "page", "svg": "page", "md": "markdown", "markdown": "markdown"}
TEXTS = {"json": "json", "csv": "table", "tsv": "table", "ipynb": "notebook", **PAGES}
# Of these the whole is needed at once; a larger one is shown as text, piece by piece.
MOST_WHOLE = {"json": MIB, "markdown": MIB // 16, "page": MIB, "notebook": 8 * MIB}

SEEMS = (
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "an empty ZIP archive"),
    (b"\x89HDF\r\n\x1a\n", "an HDF5 file, as Keras and h5py write it"),
    (b"\x1f\x8b", "data packed by gzip"),
    (b"\x28\xb5\x2f\xfd", "data packed by Zstandard"),
    (b"BZh", "data packed by bzip2"),
    (b"\xfd7zXZ", "data packed by xz"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"\x7fELF", "a program or library for Linux"),
    (b"SQLite format 3\0", "an SQLite database"),
    (b"PAR1", "a Parquet file"),
    (b"ARROW1", "an Arrow file"),
    (b"\x93NUMPY", "a NumPy array"),
    (b"%PDF", "a PDF document"),
    (b"\x89PNG", "a PNG image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"GIF8", "a GIF image"),
    (b"OggS", "an Ogg recording"),
    (b"fLaC", "a FLAC recording"),
    (b"ID3", "an MP3 recording"),
)


def kind_of(ending: str, size_bytes: int, head: bytes) -> str:
    """Return the kind of preview that fits: "text", "json", "table", "image", "hex" …

    ending: of the name, lower case.   head: the first HEAD_BYTES of the file.
    """
    if not size_bytes:
        return "empty"
    if (magic := PICTURES.get(ending)) and head.startswith(magic):
        return "image"
    if is_text(head, is_whole=size_bytes <= len(head)):
        kind = TEXTS.get(ending, "text")
        return "text" if size_bytes > MOST_WHOLE.get(kind, size_bytes) else kind
    if ending == "parquet" and head.startswith(b"PAR1"):
        return "table"
    if head.startswith(b"\x93NUMPY") or (ending == "npz" and head.startswith(b"PK")):
        return "array"
    if head.startswith(b"%PDF"):
        return "pdf"
    return "audio" if ending in SOUNDS else "video" if ending in FILMS else "hex"


def is_text(head: bytes, *, is_whole: bool) -> bool:
    """Whether these first bytes read as text in UTF-8."""
    if b"\0" in head:
        return False
    try:
        head.decode()
    except UnicodeDecodeError as error:
        # The head may end inside a character.
        return not is_whole and error.start >= len(head) - 3 and error.end == len(head)
    return True


def seems(head: bytes) -> str:
    """What bytes that are no text seem to be, in words; "" for what is not known."""
    for magic, words in SEEMS:
        if head.startswith(magic):
            return _archive(head) or words if magic == b"PK\x03\x04" else words
    if head[:1] == b"\x80" and head[1:2] in b"\2\3\4\5":
        return "a Python pickle; loading one runs whatever code it holds, so it is not opened here"
    if head[257:262] == b"ustar":
        return "a tar archive"
    if head[:4] == b"RIFF":
        return {b"WAVE": "a WAV recording", b"WEBP": "a WebP image"}.get(head[8:12], "RIFF data")
    if head[4:8] == b"ftyp":
        return "an MPEG-4 recording"
    length = int.from_bytes(head[:8], "little")
    if 2 <= length < 100 * MIB and head[8:9] == b"{":
        return "a safetensors file"
    return ""


def _archive(head: bytes) -> str:
    """What a ZIP archive is, by the name of its first member."""
    size = int.from_bytes(head[26:28], "little")
    name = head[30 : 30 + size].decode(errors="replace")
    if re.fullmatch(r"[^/]+/(data\.pkl|version|byteorder|\.format_version)", name):
        return "a PyTorch archive"
    if name in ("metadata.json", "config.json"):
        return "a Keras archive, or another ZIP archive"
    return "a ZIP archive of NumPy arrays" if name.endswith(".npy") else ""
