"""What stands in place of pipelines, said in one place."""

from typing import Any

from azureml._later import later

INSTEAD = (
    "a script that submits one run after the other: run.wait_for_completion() in between, and"
    " what one leaves in outputs/ registered as a dataset or model that the next one reads"
)


def named(name: str) -> Any:
    """Return a class of that name that refuses every use and says what to do instead."""
    return later(name, INSTEAD)
