import gzip
import struct

import numpy as np


def load_data(filename, label=False):
    """Return the pictures of a gzipped IDX file, one a row, or its labels, one a row."""
    with gzip.open(filename) as gz:
        gz.read(4)
        count = struct.unpack(">I", gz.read(4))[0]
        if label:
            return np.frombuffer(gz.read(count), dtype=np.uint8).reshape(count, 1)
        rows, columns = struct.unpack(">II", gz.read(8))
        pixels = np.frombuffer(gz.read(count * rows * columns), dtype=np.uint8)
        return pixels.reshape(count, rows * columns)
