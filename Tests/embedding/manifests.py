"""Checks the manifests of the core for package managers: they can be parsed, they have the version of
CMakeLists.txt, and the sources and headers that they name exist. Argument: the Arduino library's folder."""

import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "scripts"))
import amalgamate


def check(ok, what):
    if not ok:
        sys.exit(f"manifests: {what}")


version = amalgamate.version()
header = (ROOT / "include/nnkernel/version.h").read_text()
in_header = ".".join(re.search(rf"^#define NNK_VERSION_{part} +(\d+)$", header, re.M)[1]
                     for part in ("MAJOR", "MINOR", "PATCH"))
check(in_header == version, f"version.h: expected version {version}, got {in_header}")

command = re.search(r'number = "(.+)"$', (ROOT / "Sources/nn-cli/Version.swift").read_text(), re.M)[1]
check(command == version, f"Version.swift: expected version {version}, got {command}")
python = re.search(r"^VERSION = (\d+)\b", (ROOT / "python/nnkernel/_core.py").read_text(), re.M)[1]
major, minor, patch = map(int, version.split("."))
check(int(python) == major * 10000 + minor * 100 + patch, f"_core.py: VERSION is {python}, expected {version}'s")

sources = set((ROOT / "Sources/CNNKernel").glob("*.c"))

library = json.loads((ROOT / "library.json").read_text())
check(library["version"] == version, f"library.json: version is {library['version']}, expected {version}")
found = set((ROOT / library["build"]["srcDir"]).rglob("*.c"))
check(found == sources, f"library.json: srcDir has {len(found)} sources, expected {len(sources)}")
header = ROOT / library["build"]["includeDir"] / library["headers"]
check(header.is_file(), f"library.json: {header} does not exist")
for name in library["export"]["include"]:
    check((ROOT / name).exists(), f"library.json: exports {name}, which does not exist")

component = yaml.safe_load((ROOT / "idf_component.yml").read_text())
check(component["version"] == version,
      f"idf_component.yml: version is {component['version']}, expected {version}")
for pattern in component["files"]["exclude"]:
    check(any(ROOT.glob(pattern)), f"idf_component.yml: {pattern} excludes nothing")
    check(not sources & set(ROOT.glob(pattern)), f"idf_component.yml: {pattern} excludes the core")
for folder in (ROOT / "Sources").iterdir():
    check(folder.name == "CNNKernel" or f"Sources/{folder.name}/**/*" in component["files"]["exclude"],
          f"idf_component.yml: Sources/{folder.name} is not excluded")

module = yaml.safe_load((ROOT / "zephyr/module.yml").read_text())
check((ROOT / module["build"]["cmake"] / "CMakeLists.txt").is_file(),
      "zephyr/module.yml: the folder of cmake has no CMakeLists.txt")
kconfig = (ROOT / module["build"]["kconfig"]).read_text()
defined = set(re.findall(r"^config (\w+)$", kconfig, re.M))
used = set(re.findall(r"CONFIG_(\w+)", (ROOT / "zephyr/CMakeLists.txt").read_text()))
check(defined == used, f"zephyr: Kconfig defines {defined}, CMakeLists.txt uses {used}")

arduino = Path(sys.argv[1])
properties = dict(line.split("=", 1) for line in (arduino / "library.properties").read_text().splitlines())
check(properties["version"] == version,
      f"library.properties: version is {properties['version']}, expected {version}")
check((arduino / "src" / properties["includes"]).is_file(), "library.properties: the header does not exist")
for key in "name", "author", "maintainer", "sentence", "paragraph", "category", "architectures":
    check(properties.get(key), f"library.properties: {key} is missing")
