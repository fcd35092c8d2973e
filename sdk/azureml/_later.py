"""Classes of the v1 SDK that import, and say on use that this studio does not have them yet."""

from typing import Any, Callable

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


def refuse(module: str, instead: str) -> Callable[[str], Any]:
    """Return a module's __getattr__, for its names that this studio does not have (Python 3.7+).

    The NotImplementedError that it raises is an ImportError too, for scripts that try an import.
    """

    def missing(name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise NotBuilt(not_built("{}.{}".format(module, name), instead).args[0])

    return missing
