"""Files of this computer on their way to the studio, with a bar on a terminal."""

import os
from typing import List

from trainyard import _errors, _sending
from trainyard._cli.output import Output
from trainyard._cli.studio import Studio


def send(studio: Studio, path: str, output: Output, *, with_top: bool = True) -> List[List[str]]:
    """Bring a file or folder to the studio; return [path, SHA-256] of each file.

    with_top: the folder's own name is the first part of the paths. Raises UserErrorException.
    """
    place = os.path.abspath(os.path.expanduser(path))
    top = os.path.basename(place)
    if os.path.isfile(place):
        files = [(top, place)]
    elif os.path.isdir(place):
        files = _sending.below(place, top if with_top else "")
    else:
        raise _errors.UserErrorException("there is no file or folder {}".format(place))
    if not files:
        raise _errors.UserErrorException("the folder {} has no files".format(place))
    sizes = {here: os.path.getsize(here) for _, here in files}
    bar = output.bar("Uploading", sum(sizes.values()), len(files))
    try:
        return _sending.send(
            studio.workspace(),
            files,
            lambda here: bar.whole(here, sizes[here]),
            lambda here, done, size: bar.at(here, done),
        )
    finally:
        bar.close()
