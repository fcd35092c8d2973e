"""Builds the package with any setuptools; what it is stands in setup.cfg."""

import os
import re
import tempfile

import setuptools

HERE = os.path.dirname(os.path.abspath(__file__))


def version():
    """Return the version without importing the package."""
    with open(os.path.join(HERE, "trainyard", "_version.py"), encoding="utf-8") as source:
        return re.search(r'^__version__ = "(.+)"', source.read(), re.MULTILINE).group(1)


# In a folder of its own: what an earlier build left in sdk/build would become part of the next.
BUILT = tempfile.mkdtemp(prefix="trainyard-build-")

setuptools.setup(
    version=version(),
    options={"build": {"build_base": BUILT}, "egg_info": {"egg_base": BUILT}},
)
