#!/usr/bin/env bash
# Builds the C core as other people's projects do: by add_subdirectory, in few files, with hidden symbols, twice in one
# program, with their warnings, standards and C libraries, and for boards without atomics. Programs that can run here train
# and predict, and must give the known bits.
#
# Prints a table. What a build printed is shown only if it fails. Where a tool is missing, the row says so.
# Takes a minute of processor time. `scripts/check-builds.sh write` also writes the table into docs/TESTING.md.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null || echo 1)
export CMAKE_GENERATOR=${CMAKE_GENERATOR:-$(command -v ninja >/dev/null && echo Ninja || echo "Unix Makefiles")}
case "$*" in '' | write) ;; *) echo "usage: $0 [write]" >&2; exit 64 ;; esac
sources=("$root"/Sources/CNNKernel/*.c)
fast=clang # the faster compiler of the two
command -v clang >/dev/null || fast=gcc
failed=0

# clang has a warning for nearly everything. The core is clean but for these, which are meant:
everything_but=(
    declaration-after-statement # in C90
    pre-c11-compat              # in C99
    padded                      # padding is no mistake
    unsafe-buffer-usage         # in C, arrays are pointers
    unsafe-buffer-usage-in-libc-call
    implicit-void-ptr-cast      # in C++
    float-equal                 # bits are compared where they must be the same
    comma                       # small steps that belong together
    bad-function-cast           # of a number that a function returns
    vector-conversion           # of masks, which are integers of the same size
    unreachable-code            # some builds leave parts out by a constant
    unreachable-code-return
    unknown-warning-option      # for other versions of clang
)

# ---- A row of the table -------------------------------------------------------------------------------------

row() { printf '| %-66s | %s |\n' "$1" "$2" | tee -a "$work/table"; }

# Runs a function, with the tool that it needs: tool, name, function, arguments.
check() {
    local tool=$1 name=$2
    if ! command -v "$tool" >/dev/null; then row "$name" "not checked: $tool is MISSING"; return; fi
    set +e # not "if (...)", which would let a function go on after a failure
    (set -e && cd "$work" && "${@:3}") >"$work/log" 2>&1
    local status=$?
    set -e
    if [[ $status == 0 ]]; then row "$name" good; return; fi
    row "$name" FAILED
    { echo "check-builds: $name"; tail -n 40 "$work/log"; } >&2
    failed=1
}

# ---- In projects that use CMake -----------------------------------------------------------------------------

# Builds Tests/builds in a folder: folder, core, options of cmake.
build() {
    cmake -S "$root/Tests/builds" -B "$1" -DCORE="$2" -DCMAKE_BUILD_TYPE=Debug -DCMAKE_COMPILE_WARNING_AS_ERROR=ON \
        -DCMAKE_C_COMPILER=$fast -DCMAKE_C_FLAGS_DEBUG=-O0 "${@:3}"
    cmake --build "$1" --parallel "$jobs"
}

# A program, a plugin and its host.
runs() {
    build "$@"
    "$1/program"
    "$1/host" local "$1"/libplugin.so
}

installs_nothing() {
    cmake --install static --prefix "$work/installed"
    [[ -z $(find "$work/installed" -type f) ]] || { find "$work/installed" -type f; false; }
}

# ---- Two versions in one program ----------------------------------------------------------------------------

# The core as of the next version, with another job.
next_version() {
    mkdir next
    cp -R "$root"/{CMakeLists.txt,cmake,include,Sources} next
    perl -pi -e 's/^(#define NNK_VERSION_MINOR) (\d+)/"$1 " . ($2 + 1)/e;
        s/^typedef struct nnk_job \{/$&\n    double of_next_version;/' next/include/nnkernel/*.h
    perl -pi -e 's/^(project\(nnkernel VERSION \d+\.)(\d+)/$1 . ($2 + 1)/e' next/CMakeLists.txt
    grep of_next_version next/include/nnkernel/train.h # or the rest would show nothing
    build next-static "$work/next"
    build next-shared "$work/next" -DBUILD_SHARED_LIBS=ON
}

# Each calls its own copy, in whichever order they come: host, plugins.
keeps_apart() {
    local host=$1/host scope
    shift
    for scope in local global; do
        echo "$host $scope $*"
        "$host" "$scope" "${@/%//libplugin.so}"
    done
}

# Headers of the next version do not link with a library of this one, and the message names the version.
refuses() {
    local version
    version=$(awk '/^#define NNK_VERSION_M[AI][JN]OR / { printf "_%s", $3 }' next/include/nnkernel/version.h)
    if $fast -Inext/include "$root/Tests/builds/program.c" "$@" -o mismatch 2>messages; then false; fi
    grep "nnk_train_begin$version" messages || { cat messages; false; }
}

# ---- One compiler, one command ------------------------------------------------------------------------------

# The program of Tests/builds by one compiler and its options, for this machine.
compiles() {
    "$@" -I"$root/include" "$root/Tests/builds/program.c" "${sources[@]}" -o program
    ./program
}

# What compiles the kernels is a file of its own. (scripts/amalgamate.py puts it in one file, too: check-embedding.sh.)
in_one_file() {
    local source kernels=()
    for source in "${sources[@]}"; do
        case ${source##*/} in
        *f32*.c | *f64*.c | i8_*.c) kernels+=("$source") ;;
        *) echo "#include \"$source\"" ;;
        esac
    done >one.c
    gcc -std=gnu11 -I"$root/include" -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -O0 one.c "${kernels[@]}" \
        "$root/Tests/builds/program.c" -o program
    ./program
}

headers_and_core() {
    "$@" -Werror -fsyntax-only -I"$root/include" "${sources[@]}" "$root/Tests/builds/program.c"
}

everything() { headers_and_core clang -std=c11 -Weverything "${everything_but[@]/#/-Wno-}"; }

# The headers alone, which are compiled with the user's warnings.
headers() {
    printf '#include "%s"\n' "$root"/include/nnkernel/*.h >headers.c
    "$@" -Werror -fsyntax-only -I"$root/include" headers.c
}

# Without a section for each function, all of the core is in the program: it needs nothing else.
links() {
    mkdir -p board
    (cd board && rm -f ./*.o && "$@" -Os -std=gnu11 -ffreestanding -I"$root/include" -c "${sources[@]}" \
        "$root/Tests/embedding/board/firmware.c")
    "$@" -nostdlib -Wl,-e,main board/*.o -lgcc -o board/firmware
}

# ---- All of them --------------------------------------------------------------------------------------------

row build result
row --- ---
check gcc "CMake: a static library, also in a shared one of the user's" runs static "$root" -DCMAKE_C_COMPILER=gcc
check cmake "CMake: nothing of it goes into the prefix of another project" installs_nothing
check cmake "CMake: CMAKE_UNITY_BUILD" runs unity "$root" -DCMAKE_UNITY_BUILD=ON
check gcc "one file that includes all but the kernels" in_one_file
check cmake "CMake: a shared library, and CMAKE_C_VISIBILITY_PRESET=hidden" \
    runs shared "$root" -DBUILD_SHARED_LIBS=ON -DCMAKE_C_VISIBILITY_PRESET=hidden -DCMAKE_C_FLAGS=-fvisibility=hidden
check cmake "CMake: a copy of the core as its next version" next_version
check cmake "two versions in one program: static, in a host and its plugins" keeps_apart static next-static static
check cmake "two versions in one program: the same, the other way round" keeps_apart next-static static next-static
check cmake "two versions in one program: shared" keeps_apart shared next-shared shared
check cmake "two versions in one program: static in the host, shared in plugins" keeps_apart static next-shared shared
check cmake "headers of another version than a static library" refuses static/core/libnnkernel.a
check cmake "headers of another version than a shared library" refuses shared/core/libnnkernel.so
for compiler in g++ clang++; do
    casts=(-Wold-style-cast)
    [[ $compiler != g++ ]] || casts+=(-Wuseless-cast)
    check $compiler "$compiler -std=c++20 ${casts[*]}: sizes" $compiler -std=c++20 -Wall -Wextra -Wpedantic -Wconversion \
        -Wsign-conversion "${casts[@]}" -Werror -fsyntax-only -I"$root/include" "$root/Tests/builds/sizes.cpp"
done
check clang "clang -Weverything -Wno-padded: headers" headers clang -std=c11 -Weverything -Wno-padded
check clang "clang -Weverything but for what is meant: headers and core" everything
check gcc "gcc -std=c99" headers_and_core gcc -std=c99
check clang "clang -std=c17" headers_and_core clang -std=c17
for compiler in gcc clang; do check $compiler "$compiler -std=c2x" headers_and_core $compiler -std=c2x; done
if [[ $(uname -m) == x86_64 ]]; then
    x86=i686-linux-gnu-gcc # or gcc-multilib, which Debian does not allow beside it
    command -v $x86 >/dev/null || x86=gcc
    check $x86 "$x86 -m32 -msse2 -mfpmath=sse" compiles $x86 -O0 -m32 -msse2 -mfpmath=sse -static
fi
check musl-gcc "musl-gcc" compiles musl-gcc -O0 -static
check arm-none-eabi-gcc "Cortex-M0+, one section for all functions" links arm-none-eabi-gcc -mcpu=cortex-m0plus -mthumb
check riscv64-unknown-elf-gcc "RV32IMC, one section for all functions" \
    links riscv64-unknown-elf-gcc -march=rv32imc -mabi=ilp32
[[ -z $* ]] || "$root/scripts/write-table.py" TESTING.md builds "$work/table"
exit $failed
