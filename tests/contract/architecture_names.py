#!/usr/bin/env python3
"""architecture_names.py SOURCE_DIR: every file and function that app/guide/architecture.md names
exists. A file is a code span with a slash and an ending; a function is one that ends in (), and is
looked for in the files of its line (and their header or source), or in the whole tree if the line
names none."""

import pathlib
import re
import sys

SPAN = re.compile(r"`([^`]+)`|\]\(([^)]+)\)")
FILE = re.compile(r"^(\.\./)?[\w./-]+/[\w.-]+\.(hpp|cpp|md|py|sh|svg)$|^\w+\.svg$")
FUNCTION = re.compile(r"^[\w:~]+\(\)$")
PAGE = pathlib.Path("app/guide/architecture.md")
FOLDERS = ("core", "net", "tls", "app", "tests", "bench", "fuzz")


def twins(path):
    """A header and its source explain each other."""
    for ending in (".hpp", ".cpp"):
        twin = path.with_suffix(ending)
        if twin.exists():
            yield twin


def words_of(paths):
    text = "\n".join(path.read_text(encoding="utf-8") for path in paths)
    return set(re.findall(r"\w+", text))


def main():
    root = pathlib.Path(sys.argv[1])
    # Not from git: the sources may be there without their repository.
    everywhere = words_of(path for folder in FOLDERS for ending in ("hpp", "cpp")
                          for path in (root / folder).rglob(f"*.{ending}"))
    missing, files, functions = [], 0, 0
    for number, line in enumerate((root / PAGE).read_text(encoding="utf-8").splitlines(), 1):
        spans = [first or second for first, second in SPAN.findall(line)]
        paths = []
        for span in filter(FILE.match, spans):
            files += 1
            base = root if "/" in span and not span.startswith("..") else root / PAGE.parent
            path = base / span
            if path.exists():
                paths += list(twins(path)) if path.suffix in (".hpp", ".cpp") else []
            else:
                missing.append(f"{PAGE}:{number}: no such file: {span}")
        known = words_of(paths) if paths else everywhere
        for span in filter(FUNCTION.match, spans):
            functions += 1
            *classes, name = re.findall(r"\w+", span)
            if name not in known or not everywhere.issuperset(classes):
                missing.append(f"{PAGE}:{number}: no such function there: {span}")
    for line in missing:
        print(line)
    print(f"{PAGE}: {files} files and {functions} functions named, {len(missing)} missing")
    return 1 if missing or files < 50 or functions < 50 else 0


if __name__ == "__main__":
    sys.exit(main())
