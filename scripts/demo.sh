#!/usr/bin/env bash
# Installs what is missing, builds, makes a detector from 209 drawings, and asks it about others.
# Takes a few minutes, most of them for the first build.
set -euo pipefail
cd "$(dirname "$0")/.."

command -v swift >/dev/null || {
    echo "Error: swift: expected a toolchain, 6.2 or later, got none (see https://www.swift.org/install)" >&2
    exit 69
}
scripts/install-dependencies.sh build
swift build -c release --product nn-cli
nn_cli="$(swift build -c release --show-bin-path)/nn-cli"
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

show() { printf '\n$ nn-cli %s\n' "${*//$folder\//}"; "$nn_cli" "$@"; }
show dataset synth -o "$folder"
show teach "$folder/train.h5" -o "$folder/model.nnk"
show evaluate -m "$folder/model.nnk" --data "$folder/test.h5"
show predict -m "$folder/model.nnk" "$folder"/0*.bin
show inspect "$folder/model.nnk"
printf '\nThe tool: %s\n' "$nn_cli"
