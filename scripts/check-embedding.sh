#!/usr/bin/env bash
# Checks every way in which other programs take in the C core, with the examples that show it: as a shared
# library, by CMake and pkg-config, by pip, from C, C++, Python and Swift, as two files, and on boards.
# Quiet unless something fails; what the machine lacks the tools for is named and left out.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
python=$root/.venv/bin/python
[[ -x $python ]] || python=python3
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-$(command -v ninja >/dev/null && echo Ninja || echo "Unix Makefiles")}

fail() {
    echo "check-embedding: $*" >&2
    exit 1
}

has() { command -v "$1" >/dev/null 2>&1; }

# Runs a command; shows what it printed only if it fails.
quietly() {
    "$@" >"$work/log" 2>&1 || { tail -n 100 "$work/log" >&2; fail "failed: $*"; }
}

# Configures and builds: source, build folder, options of cmake.
build() {
    quietly cmake -S "$1" -B "$2" "${@:3}"
    quietly cmake --build "$2" --parallel "$jobs"
}

# What an example prints: four lines that end with a probability, of a dark image and a bright one in turn.
tells_apart() {
    awk '(NR % 2 ? $NF < 0.5 : $NF > 0.5) { right++ } END { exit !(NR == 4 && right == 4) }' "$1" ||
        { cat "$1" >&2; fail "$2 does not tell dark from bright"; }
}

# The README's block of that language.
readme() {
    awk -v fence="\`\`\`$1" '/^```/ { on = $0 == fence; next } on' "$root/README.md"
}

# ---- A shared library, installed ----------------------------------------------------------------------------

build "$root" "$work/shared" -DBUILD_SHARED_LIBS=ON -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
    -DCMAKE_C_FLAGS_RELEASE=-O1 # not to wait for -O3
quietly cmake --install "$work/shared" --prefix "$work/first-place"
mv "$work/first-place" "$work/installed" # an installed tree can be moved
library=$(find "$work/installed" -name 'libnnkernel.so' -o -name 'libnnkernel.dylib')
export LD_LIBRARY_PATH=${library%/*} DYLD_LIBRARY_PATH=${library%/*}

case $(uname -s) in
Darwin) nm -gU "$library" | awk '{ print substr($3, 2) }' ;;
*) nm -D --defined-only "$library" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' ;; # without the symbols' version
esac | "$python" -B "$root/Tests/embedding/exports.py" || fail "the exports are wrong"

# ---- Programs in C, C++ and Python --------------------------------------------------------------------------

readme c >"$work/first.c"
cmp "$work/first.c" "$root/Examples/c/first.c" || fail "the README's program in C is not Examples/c/first.c"
pkg_config() { PKG_CONFIG_PATH="${library%/*}/pkgconfig" pkg-config "$@" nnkernel; }
if has pkg-config; then
    # shellcheck disable=SC2046 # words
    quietly cc "$work/first.c" $(pkg_config --cflags --libs) -o "$work/by-pkg-config"
    "$work/by-pkg-config" >"$work/c"
    tells_apart "$work/c" "the README's program in C"
    echo "pkg-config: the README's program in C compiles and runs as printed"
else
    echo "pkg-config: MISSING, not checked"
fi

build "$root/Examples/c" "$work/c-project" -DCMAKE_PREFIX_PATH="$work/installed"
"$work/c-project/first" >"$work/c"
tells_apart "$work/c" "Examples/c"
"$work/c-project/own_network" >"$work/c-own"
grep image "$work/c-own" >"$work/c-own-images"
tells_apart "$work/c-own-images" "Examples/c/own_network.c"
echo "find_package: the programs in Examples/c work"

build "$root/Examples/cpp" "$work/cpp-project" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
    -DCMAKE_CXX_FLAGS="${warnings[*]}"
"$work/cpp-project/first" >"$work/cpp"
cmp "$work/c" "$work/cpp" || fail "Examples/cpp does not print what Examples/c prints"
"$work/cpp-project/own_network" "$work" >"$work/cpp-own"
cmp "$work/c-own" "$work/cpp-own" ||
    fail "Examples/cpp/own_network.cpp does not print what Examples/c/own_network.c prints"
if "$work/cpp-project/own_network" "$work/no-such-folder" >/dev/null 2>"$work/log"; then
    fail "Examples/cpp/own_network.cpp succeeds where it cannot write"
fi
[[ $(cat "$work/log") == "the caller's write function failed" ]] ||
    fail "Examples/cpp/own_network.cpp does not say that a write failed: $(cat "$work/log")"
quietly c++ -std=c++17 -I"$root/include" -I"$root/Examples/cpp" "${warnings[@]}" \
    "$root/Tests/embedding/test_nnkernel.cpp" "$library" -o "$work/nnkernel-hpp"
mkdir "$work/nnkernel-files"
"$work/nnkernel-hpp" "$work/nnkernel-files" || fail "Examples/cpp/nnkernel.hpp has errors"
echo "add_subdirectory: the programs in Examples/cpp work, and print what those in Examples/c print"

"$python" -B "$root/Tests/embedding/header_examples.py" >"$work/header-examples.c"
for standard in c11 c++20; do
    language=c
    [[ $standard == c11 ]] || language=c++
    quietly cc -std=$standard -x $language -fsyntax-only -Wall -Wpedantic -Werror -Wno-unused-variable \
        -Wno-unused-but-set-variable -I"$root/include" "$work/header-examples.c"
    quietly cc -std=$standard -x $language -I"$root/include" "$root/Tests/core/test_sizes.c" "${warnings[@]}" \
        -x none "$library" -o "$work/sizes-$standard"
    quietly "$work/sizes-$standard"
done
# Designators in the order of the fields, which C++20 wants, also in the programs in C.
for program in "$root"/Examples/c/*.c; do
    quietly c++ -std=c++20 -x c++ -D_Alignas=alignas -fsyntax-only -I"$root/include" "$program"
done
echo "headers: the examples in them and in docs/C.md, and all sizes, compile as C11 and C++20"

readme python >"$work/first.py"
cmp "$work/first.py" "$root/Examples/python/first.py" ||
    fail "the README's program in Python is not Examples/python/first.py"
if "$python" -c 'import numpy, sklearn, scikit_build_core' 2>/dev/null; then
    # As pip install . does it, but from what is installed here, into a folder of its own, and without waiting for -O3.
    quietly "$python" -m pip install --disable-pip-version-check --no-build-isolation --no-deps --no-index \
        --target "$work/python" -C cmake.args="-DCMAKE_C_FLAGS_RELEASE=-O1" "$root"
    export PYTHONPATH=$work/python
    (cd "$work" && quietly "$python" -B first.py)
    tail -n 4 "$work/log" | tr -d '[]' >"$work/probabilities"
    tells_apart "$work/probabilities" "the README's program in Python"
    quietly "$python" -B -W error -m unittest discover -s "$root/Tests/python"
    unset PYTHONPATH
    echo "pip: the package installs, the README's program runs as printed, and Tests/python pass"
else
    echo "pip: numpy, scikit-learn or scikit-build-core is MISSING, not checked"
fi

if has swift; then
    # It is built where check-swift.sh builds it, so that it is built once.
    quietly swift build -c release --package-path "$root/Examples/swift"
    "$(swift build -c release --package-path "$root/Examples/swift" --show-bin-path)/First" >"$work/swift"
    cmp "$work/c" "$work/swift" || fail "Examples/swift does not print what Examples/c prints"
    echo "Swift: Examples/swift works, and prints what Examples/c prints"
else
    echo "Swift: MISSING, not checked"
fi

# ---- Two files ----------------------------------------------------------------------------------------------

quietly "$root/scripts/amalgamate.py" --arduino "$work/arduino"
two_files=$work/arduino/src
mkdir "$work/include"
ln -s "$two_files" "$work/include/nnkernel" # as the trainer includes it
compilers=()
for compiler in gcc clang gcc-11; do # gcc 11 is too old for the vector kernels, and does without
    if ! has "$compiler"; then
        echo "two files: $compiler is MISSING, not checked"
        continue
    fi
    compilers+=("$compiler")
    "$compiler" -std=c11 -O1 "${warnings[@]}" -c "$two_files/nnkernel.c" -o "$work/$compiler.o" 2>"$work/log-$compiler" &
done
wait
# A few models: type, method, kernels.
train() {
    local job
    for job in "f32 wide fastest" "f64 wide fastest" "f32 primal fastest" "f64 dual scalar"; do
        set -- "$1" $job
        "$1" drawn deep "$2" "$3" 5 1 "$4"
    done
}
trainer=$root/Examples/trainer/trainer.c
quietly cc -std=gnu11 -O1 -I"$root/include" "$trainer" "$library" -o "$work/trainer"
train "$work/trainer" >"$work/models"
for compiler in "${compilers[@]}"; do
    [[ ! -s $work/log-$compiler ]] || { cat "$work/log-$compiler" >&2; fail "$compiler: nnkernel.c"; }
    quietly "$compiler" -std=gnu11 -I"$work/include" "$trainer" "$work/$compiler.o" -o "$work/trainer-$compiler"
    train "$work/trainer-$compiler" | diff "$work/models" - >&2 ||
        fail "$compiler: nnkernel.c trains other models than the library"
    echo "two files: $compiler compiles them as C11 without warnings, and they train the library's models"
done

for standard in 11 17; do
    quietly c++ -std=c++$standard "${warnings[@]}" -I"$two_files" -I"$root/Tests/embedding/arduino" \
        -I"$work/arduino/examples/first" "$root/Tests/embedding/arduino/main.cpp" "$work/${compilers[0]}.o" -o "$work/sketch"
    "$work/sketch" | grep bright >"$work/sketch.log"
    tells_apart "$work/sketch.log" "the sketch for Arduino"
done
echo "Arduino: the library's sketch runs on this machine, in C++11 and C++17"

# ---- Boards -------------------------------------------------------------------------------------------------

if "$python" -c 'import yaml' 2>/dev/null; then
    quietly "$python" -B "$root/Tests/embedding/manifests.py" "$work/arduino"
    echo "PlatformIO, ESP-IDF, Zephyr, Arduino: their files lead to the sources"
else
    echo "PlatformIO, ESP-IDF, Zephyr, Arduino: there is no yaml for Python, their files are not checked"
fi
quietly cmake -P "$root/Tests/embedding/esp-idf/CMakeLists.txt"
[[ $(cat "$work/log") == registered ]] || fail "ESP-IDF: the component does not end with its registration"
if has arm-none-eabi-gcc; then
    for system in esp-idf zephyr; do
        build "$root/Tests/embedding/$system" "$work/$system" \
            -DCMAKE_TOOLCHAIN_FILE="$root/Tests/embedding/board/toolchain.cmake"
    done
    echo "ESP-IDF, Zephyr: what they would build links for a Cortex-M4, without a C library and a heap"
else
    echo "ESP-IDF, Zephyr: arm-none-eabi-gcc is MISSING, not built"
fi

# ---- Memory -------------------------------------------------------------------------------------------------

if has valgrind; then
    # The trainer's arena is memory of just the size that it asks for. valgrind's processor has AVX2.
    printf '%s\n' "deep f32 dual 1 1 scalar" "two-layer f64 dual 1 1 scalar" "two-layer f32 wide 1 1 fastest" \
        "two-layer f64 primal 1 1 fastest" |
        quietly xargs -P "$jobs" -L 1 valgrind -q --error-exitcode=1 --leak-check=full "$work/trainer" drawn
    echo "valgrind: nothing to say"
else
    echo "valgrind: MISSING, not checked"
fi
