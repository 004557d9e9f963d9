#!/usr/bin/env bash
# Builds the documentation of SwiftNN: scripts/docs.sh [FOLDER]; without a FOLDER, into build/docs. Any web server can
# show it. Every warning is an error, and so is a public symbol without a comment or with an unsafe construct. Then the
# script follows the tutorial on drawings, command by command and file by file.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
output=${1:-$root/build/docs}
[[ -z $(ls -A "$output" 2>/dev/null) || -f $output/metadata.json ]] || {
    echo "docs: $output: expected an empty folder, or one with documentation to replace" >&2
    exit 64
}
mkdir -p "$output"
output=$(cd "$output" && pwd)
catalog=$root/Sources/SwiftNN/SwiftNN.docc
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Shows what a command printed only if it fails.
quietly() { "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; echo "docs: failed: $*" >&2; exit 1; }; }

cd "$root"
# As the tests are built, so that nothing is compiled twice.
quietly swift build -c release --product nn-cli -Xswiftc -enable-testing
products=$(swift build -c release --show-bin-path)
swiftc=(swiftc -swift-version 6 -I "$products/Modules" -I "$root/include")

# ---- The reference ------------------------------------------------------------------------------------------

mkdir "$work/symbols"
quietly swift symbolgraph-extract -module-name SwiftNN -I "$products/Modules" -I include \
    -experimental-allowed-reexported-modules=NNInference \
    -target "$(swiftc -print-target-info | sed -n 's/^ *"triple": "\(.*\)",$/\1/p')" \
    -minimum-access-level public -skip-synthesized-members -output-dir "$work/symbols"
python3 - "$work/symbols/SwiftNN.symbols.json" <<'END'
import json, re, sys

symbols = json.load(open(sys.argv[1]))["symbols"]
own = [s for s in symbols if re.search("/Sources/(SwiftNN|NNInference)/", s.get("location", {}).get("uri", ""))]
complaints = []
for symbol in own:
    name = ".".join(symbol["pathComponents"])
    comment = " ".join(line["text"] for line in symbol.get("docComment", {}).get("lines", []))
    declaration = "".join(part["spelling"] for part in symbol["declarationFragments"])
    if not comment:
        complaints.append(f"{name}: expected a comment")
    if re.search(r"\bthrows\b", declaration) and "- Throws:" not in comment:
        complaints.append(f"{name}: expected what it throws")
    if re.search(r"Unsafe|@unsafe", declaration):
        complaints.append(f"{name}: expected no unsafe construct in the public interface")
if complaints or not own:
    sys.exit("\n".join(complaints) or "no symbols")
print(f"{len(own)} public symbols, each with a comment")
END
docc=$(command -v docc || xcrun --find docc)
quietly "$docc" convert "$catalog" --additional-symbol-graph-dir "$work/symbols" --output-path "$work/archive" \
    --fallback-display-name SwiftNN --fallback-bundle-identifier SwiftNN --warnings-as-errors \
    --transform-for-static-hosting
rm -rf "$output"
mv "$work/archive" "$output"
echo "no warnings"

# The examples of the articles are whole files.
for article in "$catalog"/*.md "$catalog"/Articles/*.md; do
    awk '/^```/ { on = $0 == "```swift"; next } on' "$article" >"$work/example.swift"
    quietly "${swiftc[@]}" -parse-as-library -typecheck "$work/example.swift"
done
echo "the articles' examples compile"

# Those of the README use what their reader has.
for section in "From Swift" "From Embedded Swift"; do
    awk -v section="## $section" '/^## / { here = $0 == section } /^```/ { on = here && $0 == "```swift"; next } on' \
        README.md >"$work/section.swift"
    {
        grep '^import' "$work/section.swift"
        cat <<'END'
struct Camera { mutating func next() -> [UInt8]? { nil } }
func example(
    _ pixels: [UInt8], _ labels: [UInt8], _ image: [UInt8], _ model: RawSpan, _ camera: inout Camera
) throws {
END
        grep -Ev '^(import|\.package)' "$work/section.swift"
        echo '}'
    } >"$work/example.swift"
    quietly "${swiftc[@]}" -parse-as-library -typecheck "$work/example.swift"
done
echo "the README's examples in Swift compile"

# ---- The pages ----------------------------------------------------------------------------------------------

cd "$root"
for page in README.md docs/*.md docs/*.ipynb; do
    for link in $(grep -o ']([^)#]*' "$page" | cut -c 3- | grep -v '^https:' || true); do
        [[ -e $(dirname "$page")/$link ]] || { echo "docs: $page: expected a file $link, found none" >&2; exit 1; }
    done
done
for header in include/nnkernel/*.h; do
    [[ $header = */nnkernel.h ]] || grep -qF "(../$header)" docs/C.md || {
        echo "docs: docs/C.md: expected a link to $header, found none" >&2
        exit 1
    }
done
echo "no link leads nowhere"

# ---- The tutorial -------------------------------------------------------------------------------------------

# Drawings stand in for photos: a file of 12288 bytes is read as 64 x 64 pixels, whatever its name.
mkdir -p "$work/tour/photos/cats" "$work/tour/photos/other"
cd "$work/tour"
ln -s "$root" SwiftNN
export PATH="$products:$root/.venv/bin:$PATH"
quietly nn-cli dataset synth -o drawings

# drawings/03-cat.bin ... becomes photos/cats/1.jpg ...
take() {
    local image number=0
    for image in drawings/??-"$1".bin; do cp "$image" "photos/$2/$((number += 1)).jpg"; done
}
take cat cats
take non-cat other

has() { command -v "$1" >/dev/null; }

# Does one step: runs commands, compiles and runs programs.
follow() {
    local file=$catalog/Resources/$1
    case $1 in
    03-images.sh)
        python3 -c 'import h5py' 2>/dev/null || {
            echo "SKIPPED $1: there is no h5py"
            cat drawings/00-*.bin drawings/01-*.bin >image.bin
            return
        } ;;
    04-board.sh)
        has arm-none-eabi-gcc && has qemu-system-arm || {
            echo "SKIPPED $1: there is no arm-none-eabi-gcc or no qemu-system-arm"
            return
        } ;;
    esac
    case $1 in
    *.sh) quietly bash -eu "$file" ;;
    *Package.swift)
        mkdir package
        cp "$file" package/Package.swift
        quietly swift package --package-path package dump-package ;;
    *.swift)
        cp "$file" main.swift
        find "$products"/{SwiftNN,NNInference,NNText,CNNKernel}.build -name '*.o' >objects
        quietly "${swiftc[@]}" main.swift @objects -o detector
        quietly ./detector ;;
    *.c)
        quietly cc -std=gnu11 -Wall -Wextra -I. -I"$root/include" "$file" "$root"/Sources/CNNKernel/*.c \
            -o detector
        quietly ./detector ;;
    esac
    echo "the tutorial's $1"
}

steps=$(sed -n 's/.*@Code(name: .*, file: \(.*\))/\1/p' "$catalog/Tutorials/YourOwnDetector.tutorial")
[[ $(sort <<<"$steps") = "$(cd "$catalog/Resources" && ls -- *.sh *.swift *.c | sort)" ]] ||
    { echo "docs: Resources and the tutorial's steps differ" >&2; exit 1; }
for step in $steps; do follow "$step"; done
echo "$output: SwiftNN's documentation"
