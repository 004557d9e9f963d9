#!/usr/bin/env bash
# Writes one manual page per command of nn-cli: scripts/man.sh [FOLDER]. The default folder is build/man.
set -euo pipefail

folder=${1:-$(dirname "$0")/../build/man}
mkdir -p "$folder"
folder=$(cd "$folder" && pwd)
cd "$(dirname "$0")/.."

swift build -c release --product nn-cli
# The plugin of swift-argument-parser would build all of it once more, for debugging, so its tool is built alone.
swift build -c release --product generate-manual --package-path .build/checkouts/swift-argument-parser \
    --scratch-path .build/manual
.build/manual/release/generate-manual "$(swift build -c release --show-bin-path)/nn-cli" --multi-page \
    --date "$(git log -1 --format=%cs)" --output-directory "$folder"
echo "$folder: $(find "$folder" -name 'nn-cli*.1' | wc -l) pages"
