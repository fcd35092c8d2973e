"""Classes of the v1 SDK that import, and say on use that this studio does not have them yet."""

import importlib
import sys
from typing import Any

from trainyard._errors import not_built


class _Later(type):
    """Refuses calls and attributes of a class that is not built, with the way out."""

    _instead = ""

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        raise not_built(cls.__name__, cls._instead)

    def __getattr__(cls, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise not_built("{}.{}".format(cls.__name__, name), cls._instead)


def later(name: str, instead: str) -> Any:
    """Return a class called `name` that refuses every use and names `instead`."""
    return _Later(name, (), {"_instead": instead, "__doc__": "Not built yet: " + instead})


class NotBuilt(NotImplementedError, ImportError):
    """A name of the v1 SDK that is not here: what an `import` of it raises."""


def refuse(module: str, instead: str) -> None:
    """Let a module say of names that it does not have that the studio does not (Python 3.7+).

    The NotImplementedError that it raises is an ImportError too, for scripts that try an import.
    """

    def missing(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        whole = "{}.{}".format(module, name)
        try:
            # Python asks here before it looks for a module: from azureml.data import datapath
            return importlib.import_module(whole)
        except ModuleNotFoundError as error:
            if error.name not in (whole, module):
                raise
        raise NotBuilt(not_built(whole, instead).args[0])

    # Not written as the module's own function: type checkers would believe that it has every name.
    vars(sys.modules[module])["__getattr__"] = missing
