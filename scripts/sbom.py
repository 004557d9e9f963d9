"""Writes beside a program of a release PROGRAM.cdx.json, the list of what is linked into it (CycloneDX 1.5), and
PROGRAM.licences.txt, their licences. The linker's map says which files are linked, Debian's package manager which packages
and versions they come from. The same program gives the same list: no time but that of the commit, no random number."""
import argparse
import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import typing


class Component(typing.NamedTuple):
    name: str
    version: str
    url: str
    licence: pathlib.Path


def output(*command):
    """What a command prints, or nothing where it fails or is missing."""
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return ""


def static_files(linker_map):
    """The archives and objects with at least one section in the program."""
    files = re.findall(r"(\S*/[^\s():]+\.(?:a|o))(?:\([^)]*\))?:\(", linker_map)
    return sorted({pathlib.Path(file).resolve() for file in files})


def dynamic_files(program):
    """The libraries that the program names, where the loader finds them here. Not those that these load in turn."""
    names = set(re.findall(r"\(NEEDED\).*\[(.+)\]", output("readelf", "-dW", program)))
    places = re.findall(r"(?:(\S+) => )?(/\S+) \(0x", output("ldd", program))
    found = {name or path: path for name, path in places} | {pathlib.Path(path).name: path for _, path in places}
    return sorted(pathlib.Path(found[name]).resolve() for name in names)


def debian_package(file):
    """(source package, version, binary package, architecture) of a file."""
    # Where /lib is a link to /usr/lib, packages may name either.
    paths = [str(file), str(file).removeprefix("/usr")]
    owner = next(filter(None, (output("dpkg-query", "--search", path) for path in paths)), "")
    if not owner:
        raise SystemExit(f"{file}: expected a file of a Debian package")
    fields = "${source:Package}\t${source:Version}\t${Package}\t${Architecture}"
    return output("dpkg-query", "--show", f"--showformat={fields}", owner.split(": ")[0]).split("\t")


def upstream(version):
    """A Debian version without epoch and revision: 1:1.2.13.dfsg-1 is 1.2.13.dfsg."""
    return version.split(":", 1)[-1].rsplit("-", 1)[0]


def of_package(file):
    """The component of a file of the system's."""
    source, version, binary, architecture = debian_package(file)
    url = f"pkg:deb/debian/{binary}@{version.replace(':', '%3A').replace('+', '%2B')}?arch={architecture}"
    return Component(source, upstream(version), url, pathlib.Path("/usr/share/doc", binary, "copyright"))


def package_versions(source):
    """The names and versions of the Swift packages."""
    return [line.split() for line in (source / "scripts/packages.txt").read_text().splitlines()]


def components(program, source, packages):
    """The components, each with its files that are linked, by how they are."""
    info = json.loads(output("swiftc", "-print-target-info"))
    release = re.search(r"Swift version (\S+)", info["compilerVersion"])[1]
    toolchain = pathlib.Path(info["paths"]["runtimeResourcePath"]).resolve().parent.parent
    swift = Component("swift", release, f"pkg:github/swiftlang/swift@swift-{release}-RELEASE",
                      toolchain / "share/swift/LICENSE.txt")
    found = {}

    def add(part, kind, file):
        found.setdefault(part, {}).setdefault(kind, set()).add(file)

    for name, version in packages:
        part = Component(name, version, f"pkg:github/apple/{name}@{version}",
                         source / ".build/static/checkouts" / name / "LICENSE.txt")
        add(part, "static", "compiled from source")
    for file in static_files((source / ".build/static/nn-cli.map").read_text(errors="replace")):
        if file.is_relative_to(toolchain):
            add(swift, "static", file.name)
        elif ".build" not in file.parts:  # the project's own objects, and those of the packages
            add(of_package(file), "static", file.name)
    for file in dynamic_files(program):
        add(of_package(file), "dynamic", file.name)
    return dict(sorted(found.items()))


def listed(part, files):
    properties = [{"name": f"swiftnn:{kind}", "value": " ".join(sorted(names))} for kind, names in sorted(files.items())]
    return {"type": "library", "bom-ref": part.url, "name": part.name, "version": part.version, "purl": part.url,
            "properties": properties}


def notices(found, source):
    """The licences of what is in the program, which must come with it."""
    texts = [f"SwiftNN\n\n{(source / 'LICENSE').read_text()}"]
    texts += [f"{part.name} {part.version}\n\n{part.licence.read_text()}"
             for part, files in found.items() if "static" in files]
    return ("\n" + "=" * 100 + "\n\n").join(texts)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for option in ["program", "version", "commit", "time", "source"]:
        parser.add_argument(f"--{option}", required=True)
    options = parser.parse_args()
    program, source = pathlib.Path(options.program), pathlib.Path(options.source)
    found = components(program, source, package_versions(source))
    parts = [listed(part, files) for part, files in found.items()]
    time = datetime.datetime.fromtimestamp(int(options.time), datetime.timezone.utc)
    root = {
        "type": "application", "bom-ref": "nn-cli", "name": "nn-cli", "version": options.version,
        "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(program.read_bytes()).hexdigest()}],
        "properties": [{"name": "swiftnn:commit", "value": options.commit}],
    }
    document = {
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ"), "component": root},
        "components": parts,
        "dependencies": [{"ref": "nn-cli", "dependsOn": [part["bom-ref"] for part in parts]}],
    }
    pathlib.Path(f"{program}.cdx.json").write_text(json.dumps(document, indent=2) + "\n")
    pathlib.Path(f"{program}.licences.txt").write_text(notices(found, source))


if __name__ == "__main__":
    main()
