"""Encodings of texts, by the names that scripts use; Python's name of each."""

ENCODINGS = {
    "utf8": "utf8", "utf-8": "utf8", "utf8bom": "utf8", "ascii": "ascii", "latin1": "latin1",
    "iso88591": "latin1", "windows1252": "cp1252", "utf16": "utf16", "utf32": "utf32",
}  # fmt: skip
