#!/usr/bin/env bash
# Tests exp and log of the core: in float on all 2^32 inputs, in double on 10^8 random inputs. Then measures
# how often an initial weight in f32 differs from numpy's. Takes about 3 minutes on 2 cores.
set -euo pipefail
cd "$(dirname "$0")/.."
folder="$(mktemp -d)"
trap 'rm -rf "$folder"' EXIT

"${CC:-cc}" -std=gnu11 -O2 -Iinclude -ISources/CNNKernel Tests/slow/exhaustive_math.c Sources/CNNKernel/math_f32.c \
    Sources/CNNKernel/math_f64.c -lm -o "$folder/math"
"${CC:-cc}" -std=gnu11 -O2 -Iinclude -ISources/CNNKernel Tests/slow/float_weights.c Sources/CNNKernel/math_f64.c \
    Sources/CNNKernel/random.c Sources/CNNKernel/topology.c -lm -o "$folder/weights"
parts=$(nproc 2>/dev/null || echo 2)
running=()
for part in $(seq 0 $((parts - 1))); do
    "$folder/math" "$part" "$parts" &
    running+=($!)
done
failed=0
for process in "${running[@]}"; do wait "$process" || failed=$((failed + 1)); done
"$folder/weights" || failed=$((failed + 1))
echo "$((parts + 1 - failed)) passed, $failed failed"
[ "$failed" -eq 0 ]
