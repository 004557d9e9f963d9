"""Tests scripts/release.sh as far as no build of nn-cli is needed: the source archive, sums and signature, the list of
what is linked, and the check of how a program is linked. scripts/release.sh --check tests the rest."""
import json
import os
import pathlib
import re
import subprocess
import tarfile
import tempfile

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

ROOT = pathlib.Path(__file__).resolve().parents[2]
failures = 0


def check(condition, message):
    global failures
    if not condition:
        failures += 1
        print(f"FAILED: {message}")


def run(*command, folder=ROOT, umask=0o022, text=None):
    return subprocess.run([str(word) for word in command], cwd=folder, umask=umask, input=text, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def must(*command, **options):
    answer = run(*command, **options)
    assert answer.returncode == 0, f"{command}: {answer.stderr}"
    return answer.stdout


def clone(folder, umask):
    must("git", "clone", "--quiet", "--no-hardlinks", ROOT, folder, umask=umask)
    for name, value in ("user.name", "Test"), ("user.email", "test@example.org"), ("tar.umask", oct(umask)[2:]):
        must("git", "config", name, value, folder=folder)
    return folder


def test_source(folder):
    """The archive is the same in two folders with two umasks, and has the commit's time and nobody's name."""
    clones = [clone(folder / "a", 0o022), clone(folder / "deeper/than/the/first", 0o077)]
    paths = [pathlib.Path(must("scripts/release.sh", "--source", folder=place, umask=umask).splitlines()[-1])
             for place, umask in zip(clones, (0o022, 0o077))]
    check(paths[0].read_bytes() == paths[1].read_bytes(), "two source archives differ")
    commit, time = must("git", "log", "-1", "--format=%H %ct", folder=clones[0]).split()
    with tarfile.open(paths[0]) as archive:
        entries = archive.getmembers()
        names = [entry.name for entry in entries if entry.isfile()]
        check(all((entry.uid, entry.gid, entry.mtime) == (0, 0, int(time)) for entry in entries), "user or time")
        check({entry.mode for entry in entries} <= {0o644, 0o755, 0o777}, "modes")
        version = archive.extractfile(next(name for name in names if name.endswith("/Version.swift"))).read().decode()
    check(f'commit = "{commit}"' in version, "Version.swift of the archive has not the commit")
    tracked = must("git", "ls-files", folder=clones[0]).splitlines()
    check(len(names) + sum(entry.issym() for entry in entries) == len(tracked), "the archive has not all files")
    return clones[0], paths[0]


def test_signature(place, archive):
    """What README.md says about verifying holds, and a changed file is found."""
    key = place.parent / "key"
    must("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key)
    must("scripts/release.sh", "--source", "--sign", key, folder=place)
    signers = place.parent / "allowed_signers"
    signers.write_text("releases " + key.with_suffix(".pub").read_text())
    folder = archive.parent
    verify = ["ssh-keygen", "-Y", "verify", "-f", signers, "-I", "releases", "-n", "swiftnn", "-s", "SHA256SUMS.sig"]
    sums = (folder / "SHA256SUMS").read_text()
    check(run(*verify, folder=folder, text=sums).returncode == 0, "a good signature is refused")
    check(run(*verify, folder=folder, text=sums.replace("0", "1", 1)).returncode != 0, "a bad signature is accepted")
    check(run("sha256sum", "-c", "SHA256SUMS", folder=folder).returncode == 0, "the sums are wrong")
    with open(archive, "ab") as file:
        file.write(b"\0")
    check(run("sha256sum", "-c", "SHA256SUMS", folder=folder).returncode != 0, "a changed archive is not found")


def test_refused(place):
    """What is no release is refused, with one line that says why."""
    must("git", "tag", "v99.0.0", folder=place)
    (place / "new.txt").write_text("")
    for status, words, options in [
        (65, "changes that are not committed", []), (66, "v1: no such tag", ["--tag", "v1"]),
        (65, "v99.0.0: the version in CMakeLists.txt is", ["--tag", "v99.0.0"]),
        (66, "no such key", ["--sign", "missing"]), (64, "scripts/release.sh [--tag", ["--what"]),
        (64, "scripts/release.sh [--tag", ["--tag"]),
    ]:
        answer = run("scripts/release.sh", "--source", *options, folder=place)
        check(answer.returncode == status and words in answer.stderr and answer.stderr.count("\n") == 1,
              f"{options}: {answer.returncode} {answer.stderr}")
    version = re.search(r" VERSION (\S+)", (place / "CMakeLists.txt").read_text())[1]
    must("git", "tag", f"v{version}", folder=place)
    must("scripts/release.sh", "--source", "--tag", f"v{version}", folder=place)


SAFE = ["-pie", "-Wl,-s,-z,now,-z,relro,--build-id=none"]


def link(folder, name, options):
    """A program of libpng and libz, whose archives are linked, and libm, which is not. Returns it and its map."""
    source = folder / "program.c"
    source.write_text("#include <math.h>\n#include <png.h>\n#include <string.h>\n#include <zlib.h>\n"
                      "int main(int n, char **words) { char text[16]; memcpy(text, words[0], n);\n"
                      "return (int)(png_access_version_number() + sin(n)) + zlibVersion()[0] + text[n]; }\n")
    program, linked = folder / name, folder / f"{name}.map"
    objects = folder / ".build"  # as SwiftPM's
    objects.mkdir(exist_ok=True)
    must("clang", "-O2", "-fPIE", "-c", source, "-o", objects / "program.o")
    must("clang", "-fuse-ld=lld", objects / "program.o", *options, f"-Wl,--Map={linked}", "-Wl,-Bstatic", "-lpng16", "-lz",
         "-Wl,-Bdynamic", "-lm", "-o", program)
    return program, linked


def test_list(folder):
    """The list names what is linked, is the same twice, and CycloneDX's schema accepts it."""
    program, linked = link(folder, "listed", SAFE)
    packages = (ROOT / "scripts/packages.txt").read_text()
    source = folder / "source"
    (source / "scripts").mkdir(parents=True)
    (source / "scripts/packages.txt").write_text(packages)
    (source / "LICENSE").write_text("the project's own licence\n")
    versions = dict(line.split() for line in packages.splitlines())
    for name in versions:
        checkout = source / ".build/static/checkouts" / name
        checkout.mkdir(parents=True)
        (checkout / "LICENSE.txt").write_text(f"the licence of {name}\n")
    linked.rename(source / ".build/static/nn-cli.map")
    command = ["python3", "scripts/sbom.py", "--program", program, "--version", "1.2.3", "--commit", "0" * 40,
               "--time", "86400", "--source", source]
    texts = []
    for _ in range(2):
        must(*command)
        texts.append([pathlib.Path(f"{program}.{end}").read_text() for end in ("cdx.json", "licences.txt")])
    check(texts[0] == texts[1], "two lists differ")
    text, licences = texts[0]
    for words in "the project's own licence", "the licence of swift-system", "zlib 1.", "PNG Reference Library":
        check(words in licences, f"the licences have not: {words}")
    error = JsonStrictValidator(SchemaVersion.V1_5).validate_str(text)
    check(error is None, f"the list is not CycloneDX: {error}")
    document = json.loads(text)
    check(document["metadata"]["timestamp"] == "1970-01-02T00:00:00Z", "the time is not the commit's")
    parts = document["components"]
    found = {part["name"]: part for part in parts}
    files = [(part["name"], entry["name"], entry["value"]) for part in parts for entry in part["properties"]]
    for name, kind, file in [("zlib", "static", "libz.a"), ("libpng1.6", "static", "libpng16.a"),
                             ("glibc", "dynamic", "libm.so.6"), ("glibc", "dynamic", "libc.so.6")]:
        check(any(entry[:2] == (name, f"swiftnn:{kind}") and file in entry[2].split() for entry in files),
              f"{file} is not listed: {files}")
    for name, package in ("zlib", "zlib"), ("libpng1.6", "libpng"):
        version = must("pkg-config", "--modversion", package).strip()
        check(found[name]["version"].startswith(version), f"{name}: {found[name]['version']}, expected {version}")
    for name, version in versions.items():
        check(found[name]["version"] == version, f"{name} is not listed")


def test_program(folder):
    """A program that is linked as releases are passes; each way to weaken it is named."""
    weaker = {
        "RPATH": ["-pie", "-Wl,-s,-z,now,-z,relro,--build-id=none,-rpath,/lib"],
        "position-independent": ["-no-pie", *SAFE[1:]],
        "BIND_NOW": ["-pie", "-Wl,-s,-z,lazy,-z,relro,--build-id=none"],
        "RELRO": ["-pie", "-Wl,-s,-z,now,-z,norelro,--build-id=none"],
        "a stack that cannot": [*SAFE, "-Wl,-z,execstack"],
        "number of the build": ["-pie", "-Wl,-s,-z,now,-z,relro,--build-id=sha1"],
        "no symbols": ["-pie", "-Wl,-z,now,-z,relro,--build-id=none"],
    }
    program, _ = link(folder, "safe", SAFE)
    answer = run("scripts/check-program.sh", program, str(ROOT))
    check(answer.returncode == 0, f"a safe program is refused: {answer.stderr}")
    answer = run("scripts/check-program.sh", program, "1.2.")
    check(answer.returncode == 1 and "no word" in answer.stderr, "a word in it is not found")
    for what, options in weaker.items():
        program, _ = link(folder, "weak", options)
        answer = run("scripts/check-program.sh", program)
        check(answer.returncode == 1 and what in answer.stderr, f"{what}: not found: {answer.stderr}")


def main():
    if not (ROOT / ".git").exists() or os.uname().sysname != "Linux":
        print("SKIPPED: releases are made from a git repository, on Linux")
        return 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        place, archive = test_source(folder)
        test_signature(place, archive)
        test_refused(place)
        test_list(folder)
        test_program(folder)
    print(f"releases: {failures} failures")
    return 1 if failures else 0


if __name__ == "__main__":
    raise SystemExit(main())
