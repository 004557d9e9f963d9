"""Executes a notebook and compares what it prints with the outputs in its file: run_notebook.py NOTEBOOK [--write]

It runs in the notebook's folder. NN_DATA names the folder of the photos; without it, cells with the tag "photos" are left
out. Pictures and messages are not compared and not kept. With --write, the file gets the outputs.
"""

import copy
import os
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError


def keep_text(cell):
    """Leaves what the cell printed and its result as text, in one form however it came."""
    printed, result = "", []
    for output in cell.outputs:
        if output.output_type == "stream" and output.name == "stdout":
            printed += output.text
        elif output.output_type == "execute_result":
            result = [nbformat.v4.new_output("execute_result", {"text/plain": output.data["text/plain"]})]
    stream = [nbformat.v4.new_output("stream", name="stdout", text=printed)] if printed else []
    cell.outputs, cell.execution_count = stream + result, None


def text(cell):
    return "".join(output.get("text") or output.data["text/plain"] for output in cell.outputs)


def main(path, *options):
    with_photos = bool(os.environ.get("NN_DATA"))
    file = nbformat.read(path, as_version=4)
    nbformat.validate(file)
    notebook = copy.deepcopy(file)
    notebook.cells = [cell for cell in file.cells if with_photos or "photos" not in cell.metadata.get("tags", [])]
    committed = {cell.id: text(cell) for cell in notebook.cells if cell.cell_type == "code"}
    try:
        NotebookClient(
            notebook, timeout=600, record_timing=False, resources={"metadata": {"path": str(path.parent)}}).execute()
    except CellExecutionError as error:
        sys.exit(f"{path}: a cell failed\n{error}")
    different = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        keep_text(cell)
        if text(cell) != committed[cell.id] and "--write" not in options:
            different += 1
            print(f"{path}: cell {cell.id} prints\n{text(cell)}\nbut the file has\n{committed[cell.id]}", file=sys.stderr)
    if "--write" in options:
        if not with_photos:
            sys.exit(f"{path}: expected the photos, to write all outputs; NN_DATA names their folder")
        notebook.metadata = file.metadata
        nbformat.write(notebook, path)
    elif different:
        sys.exit(f"{path}: {different} of {len(committed)} cells print something else than the file has; if they are right, use --write")
    skipped = len(file.cells) - len(notebook.cells)
    print(f"{path.name}: {len(committed)} cells run" + (f", {skipped} skipped, since there are no photos" if skipped else ""))


main(Path(sys.argv[1]).resolve(), *sys.argv[2:])
