"""Calls of the v1 SDK that this studio does not have yet: they say what to use instead."""

from typing import Any, Callable

from trainyard._errors import not_built


def unbuilt(call: str, instead: str) -> Callable[..., Any]:
    """Return a method that says that the studio does not have this call yet."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise not_built(call, instead)

    refuse.__name__ = call.rsplit(".", 1)[-1]
    refuse.__doc__ = "Not part of this studio yet. Instead: " + instead
    return refuse
