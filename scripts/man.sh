#!/usr/bin/env bash
# Writes a manual page for each command of nn-cli: scripts/man.sh [FOLDER], else into build/man.
set -euo pipefail

folder=${1:-$(dirname "$0")/../build/man}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."

swift build -c release --product nn-cli
# The package's plugin would do the same, but builds all of it once more, for debugging.
swift build -c release --product generate-manual --package-path .build/checkouts/swift-argument-parser \
    --scratch-path .build/manual
.build/manual/release/generate-manual "$(swift build -c release --show-bin-path)/nn-cli" --multi-page \
    --date "$(git log -1 --format=%cs)" --output-directory "$folder"
echo "$folder: $(find "$folder" -name 'nn-cli*.1' | wc -l) pages"
