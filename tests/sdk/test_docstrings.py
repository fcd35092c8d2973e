"""Every name of the SDK that people can reach says what it promises: help() answers."""

import importlib
import inspect
import pkgutil

import azureml
import trainyard
from trainyard import _run

# A command's two functions are what trainyard/_cli/main.py says they are.
OF_A_COMMAND = ("arguments", "run")


def modules():
    """Yield every module of both packages."""
    for package in (trainyard, azureml):
        yield package
        for found in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if not found.name.endswith("__main__"):
                yield importlib.import_module(found.name)


def is_ours(thing):
    return (getattr(thing, "__module__", None) or "").split(".")[0] in ("trainyard", "azureml")


def of_class(kind):
    """Yield what a class itself gives to people, by name: methods, properties, classes in it."""
    for name, held in vars(kind).items():
        plain = getattr(held, "__func__", held)
        if not name.startswith("_") and (
            isinstance(plain, (property, type)) or inspect.isfunction(plain)
        ):
            yield name, plain


def silent(module):
    """Yield the names of a module that say nothing."""
    if not module.__doc__:
        yield module.__name__
    for name, thing in list(vars(module).items()):
        if name.startswith("_") or not is_ours(thing) or thing.__module__ != module.__name__:
            continue
        is_of_command = module.__name__.startswith("trainyard._cli") and name in OF_A_COMMAND
        if inspect.isfunction(thing) and not thing.__doc__ and not is_of_command:
            yield f"{module.__name__}.{name}"
        if isinstance(thing, type):
            # A class shows no words of the class above it as its own.
            if not vars(thing).get("__doc__"):
                yield f"{module.__name__}.{name}"
            for word, held in of_class(thing):
                own = vars(held).get("__doc__") if isinstance(held, type) else held.__doc__
                if not (own or above(thing, word)):
                    yield f"{module.__name__}.{name}.{word}"


def above(kind, word):
    """Return what a class above says of the name, as help() does; None where none does."""
    found = [vars(one)[word] for one in kind.__mro__[1:] if word in vars(one)]
    return next((getattr(one, "__func__", one).__doc__ for one in found), None)


def test_every_public_name_has_a_docstring():
    found = [name for module in modules() for name in silent(module)]
    assert not found, "say what these promise:\n" + "\n".join(sorted(found))


def test_a_name_that_says_nothing_is_found(monkeypatch):
    monkeypatch.setattr(_run.Run.child_run, "__doc__", "")
    monkeypatch.setattr(_run, "__doc__", None)
    assert list(silent(_run)) == ["trainyard._run", "trainyard._run.Run.child_run"]
    # What RemoteRun says of get_metrics holds for the Run that overrides it.
    monkeypatch.setattr(_run.Run.get_metrics, "__doc__", None)
    assert "trainyard._run.Run.get_metrics" not in list(silent(_run))
