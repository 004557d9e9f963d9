#!/usr/bin/env bash
# Executes docs/course.ipynb in a fresh environment with the Python package installed: scripts/check-notebook.sh [--write].
# Fails if a cell does, as a number differs from the lesson's, or if a cell prints something else than the file has. With
# --write, the file gets what is printed. Takes about 3 minutes on 2 cores.
#
# NN_DATA names the folder of the photos (default ../shared/data); without it, the cells that need them are skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

NN_DATA=$(realpath -m "${NN_DATA:-../shared/data}")
[[ -e $NN_DATA/train_catvnoncat.h5 ]] || {
    echo "SKIPPED the cells with photos: $NN_DATA has no train_catvnoncat.h5"
    NN_DATA=
}
export NN_DATA

python3 -m venv "$work/venv"
"$work/venv/bin/pip" install --quiet --disable-pip-version-check . matplotlib h5py pillow nbclient ipykernel
# The environment of its own: no kernel that a user has installed.
export JUPYTER_PATH=$work/venv/share/jupyter MPLCONFIGDIR=$work/matplotlib IPYTHONDIR=$work/ipython
"$work/venv/bin/python" -B -W ignore Tests/python/run_notebook.py docs/course.ipynb "$@"
