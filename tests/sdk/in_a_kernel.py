"""Runs a notebook in a real Jupyter kernel: python in_a_kernel.py CELLS.json OUT.json.

Writes {"notebook": …, "updates": [HTML of each update of a display, in order]}.
"""

import json
import sys

import nbformat
from nbclient import NotebookClient


class Watching(NotebookClient):
    """Keeps what displays were updated to; the notebook itself has only the last of each."""

    updates: list[str]

    def process_message(self, msg, cell, cell_index):
        if msg["msg_type"] == "update_display_data":
            self.updates.append(msg["content"]["data"]["text/html"])
        return super().process_message(msg, cell, cell_index)


def main(cells_path: str, out_path: str) -> None:
    with open(cells_path, encoding="utf-8") as file:
        cells = json.load(file)
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_code_cell(cell) for cell in cells]
    client = Watching(notebook, timeout=500, kernel_name="python3")
    client.updates = []
    client.execute()
    with open(out_path, "w", encoding="utf-8") as file:
        json.dump({"notebook": notebook, "updates": client.updates}, file)


if __name__ == "__main__":
    main(*sys.argv[1:])
