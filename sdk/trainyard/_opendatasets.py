"""Open datasets that the studio knows, by name: their addresses, checksums, and a mirror."""

from typing import Any, Dict

from trainyard import _errors
from trainyard._datasets import content
from trainyard._datasets.base import FileDataset
from trainyard._datasets.tabular import TabularDataset

FILTERS = ("all", "train", "test")


class MNIST:
    """70,000 handwritten digits, as gzipped IDX files."""

    @classmethod
    def get_file_dataset(
        cls, dataset_filter: str = "all", enable_telemetry: bool = True
    ) -> FileDataset:
        """Return the four files, or those of "train" or "test"; the studio fetches them once.

        Raises UserErrorException when no workspace is known, or its studio does not know them.
        """
        return FileDataset(_found("mnist", dataset_filter))

    @classmethod
    def get_tabular_dataset(
        cls, dataset_filter: str = "all", enable_telemetry: bool = True
    ) -> TabularDataset:
        """Return the same pictures as a table: columns "0" to "783" (0…255), and "label".

        "all" has the 10,000 to test first, as their files come by name. Raises as
        get_file_dataset.
        """
        return TabularDataset(_found("mnist", dataset_filter), reading={"format": "idx"})


def _found(name: str, part: str) -> content.Content:
    if part not in FILTERS:
        raise _errors.UserErrorException(
            "dataset_filter is one of {}, not {!r}".format(", ".join(FILTERS), part)
        )
    place = content.Content(None, []).place()
    known: Dict[str, Any] = {
        item["name"]: item for item in place.client.items(place.api("opendata"))
    }
    if name not in known:
        raise _errors.UserErrorException(
            "the studio knows no open dataset {}; it knows {}".format(name, ", ".join(known))
        )
    files = [file for file in known[name]["files"] if part in ("all", file["part"])]
    return content.Open(name, part, files)
