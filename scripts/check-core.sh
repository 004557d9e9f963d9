#!/usr/bin/env bash
# Checks the C core: warnings, what it needs from outside, no writable data, and its tests, in Release with gcc and
# clang, and once with sanitizers. Quiet unless something fails.
#
#     scripts/check-core.sh         everyday
#     scripts/check-core.sh full    also all tests in the small build (-DNNK_FAST=0), whose kernels the everyday tests
#                                   compare with the fast ones; a minute more
set -euo pipefail

tier=${1:-everyday}
case "$tier $#" in
'everyday 0' | 'full 1') ;;
*) echo "usage: $0 [full]" >&2; exit 64 ;;
esac

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

python=$root/.venv/bin/python
[[ -x $python ]] || python=python3
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)

fail() {
    echo "check-core: $*" >&2
    exit 1
}

# Runs a command; shows what it printed only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || { cat "$work/log" >&2; fail "failed: $*"; }
}

# Looks at the symbols of a built core: what it needs from outside, and what it can write to.
check_symbols() {
    local compiler=$1 library="$work/build-$1-Release/libnnkernel.a" foreign writable
    nm -u "$library" >"$work/undefined"
    foreign=$(awk '$1 == "U" { print $2 }' "$work/undefined" | sort -u |
        grep -vE '^(_?(nnk_[a-z0-9_]+|memcpy|memset)|_GLOBAL_OFFSET_TABLE_)$' || true) # the last is the linker's
    [[ -z $foreign ]] || fail "$compiler: the core needs from outside:" $foreign
    # The seventh column is the section. Constants that hold addresses lie in .data.rel.ro, which the loader makes read-only.
    nm -f sysv "$library" | tr -d ' ' >"$work/symbols"
    awk -F'|' '$1 ~ /^nnk_train_begin/ && $7 ~ /^\.text/ { found = 1 } END { exit !found }' "$work/symbols" ||
        fail "$compiler: $library: expected nnk_train_begin in .text"
    writable=$(awk -F'|' '$7 ~ /^(\.t?data|\.t?bss|\*COM\*)/ && $7 !~ /^\.data\.rel\.ro/ { print $1 }' "$work/symbols")
    [[ -z $writable ]] || fail "$compiler: the core has writable data:" $writable
    echo "$compiler: no warnings, nothing needed from outside, no writable data"
}

# Configures, builds and tests: build_type, then options of cmake.
check_tests() {
    local compiler=$1 what=$2 build="$work/build-$1-$2"
    shift 2
    quietly cmake -S "$root" -B "$build" -DCMAKE_C_COMPILER="$compiler" -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
        -DNNK_BUILD_TESTS=ON "$@"
    quietly cmake --build "$build" --parallel "$jobs"
    quietly ctest --test-dir "$build" --output-on-failure --parallel "$jobs"
    echo "$compiler: $(sed -n 's/^100% tests passed, 0 tests failed out of //p' "$work/log") tests pass in $what"
}

# An installed core is found and used by another project.
check_package() {
    local compiler=$1 build="$work/build-$1-Release" user="$work/user-$1"
    quietly cmake --install "$build" --prefix "$work/installed-$1"
    mkdir "$user"
    cat >"$user/CMakeLists.txt" <<'END'
cmake_minimum_required(VERSION 3.20)
project(user C)
find_package(nnkernel REQUIRED)
add_executable(user main.c)
target_link_libraries(user nnkernel::nnkernel)
END
    cat >"$user/main.c" <<'END'
#include <nnkernel/nnkernel.h>
int main(void) { return nnk_parameter_count(&nnk_deep) != NNK_PARAMETERS(DEEP); }
END
    quietly cmake -S "$user" -B "$user/build" -DCMAKE_C_COMPILER="$compiler" \
        -DCMAKE_PREFIX_PATH="$work/installed-$1"
    quietly cmake --build "$user/build"
    quietly "$user/build/user"
    echo "$compiler: the installed package is found and works"
}

sanitizes() {
    echo 'int main(void) { return 0; }' >"$work/probe.c"
    "$1" -fsanitize=address,undefined "$work/probe.c" -o "$work/probe" >/dev/null 2>&1 && "$work/probe"
}

# Packagers list *.c of one folder.
strangers=$(find "$root/Sources/CNNKernel" -mindepth 1 ! \( -type f \( -name '*.c' -o -name '*.h' \) \) ! -name kernels
    find "$root/Sources/CNNKernel/kernels" -mindepth 1 ! \( -type f -name '*.h' \))
[[ -z $strangers ]] || fail "Sources/CNNKernel holds more than .c and .h, or its folder kernels more than .h:" $strangers
echo "Sources/CNNKernel: .c and .h alone, in its folder kernels .h alone"

if "$python" -c 'import numpy, sklearn' 2>/dev/null; then
    quietly "$python" "$root/Tests/core/golden.py" --check
    quietly "$python" "$root/Tests/core/options.py" --check
    quietly "$python" "$root/Tests/core/scores.py" --check
    echo "golden.h, options.h, scores.h: as numpy and scikit-learn compute"
else
    echo "golden.h, options.h, scores.h: not compared, numpy or scikit-learn is missing"
fi

compilers=()
sanitizing= # the compiler whose address and undefined behaviour sanitizers are used: clang takes less time
for compiler in gcc clang; do
    if ! command -v "$compiler" >/dev/null; then
        echo "$compiler: MISSING, not checked"
        continue
    fi
    compilers+=("$compiler")
    ! sanitizes "$compiler" || sanitizing=$compiler
done
[[ ${#compilers[@]} != 0 ]] || fail "there is neither gcc nor clang"

# The first compiler's tests run all of the long loops, those after it a tenth: no branch of the core is missed by that.
tenth="-DCMAKE_C_FLAGS=-DCHECK_SHARE=10"
# The thread sanitizer looks at the source, which is the same for every compiler and in every form: once is enough.
once=()
for compiler in "${compilers[@]}"; do
    check_tests "$compiler" Release -DCMAKE_BUILD_TYPE=Release ${once[@]+"${once[@]}"}
    once=(-DNNK_HAS_THREAD_SANITIZER=OFF "$tenth")
    check_symbols "$compiler"
    check_package "$compiler"
done

# One compiler is enough. -O1 takes half the time.
[[ $tier != full ]] ||
    check_tests "${compilers[0]}" small -DCMAKE_BUILD_TYPE=Release -DCMAKE_C_FLAGS_RELEASE=-O1 -DNNK_FAST=OFF "${once[@]}"

# These sanitizers look for mistakes in the source, which is the same for every compiler: once is enough.
if [[ -n $sanitizing ]]; then
    check_tests "$sanitizing" sanitized -DCMAKE_BUILD_TYPE=Debug \
        -DCMAKE_C_FLAGS="-O1 -fsanitize=address,undefined -fno-sanitize-recover=all -DNNK_ASSERTIONS=1 -DCHECK_SHARE=10"
else
    echo "no compiler has sanitizers, not checked with them"
fi
