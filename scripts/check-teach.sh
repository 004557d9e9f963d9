#!/usr/bin/env bash
# Measures what a teaching promises: that its interval holds the accuracy on images that it has not seen, that no camera set
# fails, how good it is on the cat photos, and that it finds wrong labels. Prints tables; fails if a promise is broken.
# Takes about 25 minutes on 2 cores.
#
# NN_DATA names the folder of the photos (default ../shared/data); without it, drawings alone are measured.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT
data="${NN_DATA:-../shared/data}"

# Fails unless the last line of a file begins with a number that is at least $2.
expect() {
    awk -v least="$2" 'END { exit !($1 >= least) }' "$1" && return
    echo "check-teach: expected $2 or more: $(tail -n 1 "$1")" >&2
    exit 1
}

nn_cli=$(scripts/build-static.sh | tail -n 1)
python=.venv/bin/python
[ -x $python ] || python3 -m venv .venv
$python -c 'import h5py, numpy, PIL' 2>/dev/null ||
    $python -m pip install --quiet --disable-pip-version-check h5py numpy pillow

"${CC:-cc}" -std=gnu11 -O2 -Iinclude Tests/slow/intervals.c Sources/CNNKernel/*.c -lm -pthread -o "$folder/intervals"
"$folder/intervals" drawn 100 1 | tee "$folder/drawn"
expect "$folder/drawn" 90
if [ -e "$data/train_catvnoncat.h5" ]; then
    $python Tests/slow/teach.py raw --data "$data" --output "$folder/cats.raw"
    "$folder/intervals" "$folder/cats.raw" 100 1 | tee "$folder/cats"
    expect "$folder/cats" 78
    $python Tests/slow/teach.py camera cats labels --nn-cli "$nn_cli" --data "$data"
else
    echo "SKIPPED the photos: $data has no train_catvnoncat.h5"
    $python Tests/slow/teach.py labels --nn-cli "$nn_cli" --data "$data"
fi
echo "== all promises are kept"
