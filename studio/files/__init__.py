"""Files: blobs by SHA-256, immutable trees of them, ranged and zipped downloads."""
