#!/usr/bin/env python3
"""apply.py COPY | --check: makes COPY, a copy of the tracked files in which each row of mutations.tsv is a choice
at run time: an expression becomes `(wirespan_mutant(N) ? (mutated) : (original))`, a statement
`if (wirespan_mutant(N)) { mutated } else { original }`. N is the CRC-32 of the row's id, so that a new
row compiles only its own file. A file that has not changed keeps its time.

A row whose text is not found exactly once, overlaps another row's, or does not close a bracket that it
opens is an error; --check looks for that alone."""

import pathlib
import re
import subprocess
import sys
import zlib

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
HEADER = """\
// wirespan_mutant.hpp - tells whether a mutant is the chosen one.
#pragma once
#include <cstdlib>
#include <type_traits>
inline const unsigned long wirespan_chosen_mutant = [] {
  const char* text = std::getenv("WIRESPAN_MUTANT");
  return text != nullptr ? std::strtoul(text, nullptr, 10) : 0UL;
}();
constexpr bool wirespan_mutant(unsigned long number) noexcept {
  return !std::is_constant_evaluated() && wirespan_chosen_mutant == number;
}
"""


def number_of(name):
    return zlib.crc32(name.encode())


def rows():
    """(id, file, original, mutated, hint) of each row; exits with a message if one is malformed."""
    found, names = [], set()
    for number, line in enumerate((HERE / "mutations.tsv").read_text().splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        cells = line.split("\t")
        if len(cells) not in (4, 5):
            sys.exit(f"mutations.tsv:{number}: {len(cells)} cells instead of 4 or 5")
        name, file, original, mutated = cells[:4]
        if name in names:
            sys.exit(f"mutations.tsv:{number}: {name} is there twice")
        names.add(name)
        for text in (original, mutated):
            if any(text.count(opening) != text.count(closing) for opening, closing in ("()", "{}", "[]")):
                sys.exit(f"mutations.tsv:{number}: {name} does not close what it opens: {text}")
        found.append((name, file, original, mutated, cells[4] if len(cells) == 5 else ""))
    return found


def place_of(name, file, original, text):
    """Where the original stands in the text; any white space in it stands for any other."""
    words = [re.escape(word) for word in original.split()]
    places = [match.span() for match in re.finditer(r"\s+".join(words), text)]
    if len(places) != 1:
        sys.exit(f"{name}: {file} has its text {len(places)} times instead of once: {original}")
    return places[0]


def choice(name, original, mutated):
    number = number_of(name)
    if re.search(r";$|^(if|for|while)\b.*}$", original, re.S):
        return f"if (wirespan_mutant({number}U)) {{ {mutated} }} else {{ {original} }}"
    return f"(wirespan_mutant({number}U) ? ({mutated}) : ({original}))"


def mutated_text(file, own):
    text = (ROOT / file).read_text()
    places = sorted((*place_of(name, file, original, text), name, mutated)
                    for name, _, original, mutated, _ in own)
    for before, after in zip(places, places[1:]):
        if after[0] < before[1]:
            sys.exit(f"{after[2]}: overlaps {before[2]} in {file}")
    for begin, end, name, mutated in reversed(places):
        text = text[:begin] + choice(name, text[begin:end], mutated) + text[end:]
    include = f'#include "{"../" * file.count("/")}wirespan_mutant.hpp"\n'
    guard = "#pragma once\n"
    return text.replace(guard, guard + include, 1) if guard in text else include + text


def write_if_new(path, data):
    if path.is_file() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)


def make_copy(copy):
    by_file = {}
    for row in rows():
        by_file.setdefault(row[1], []).append(row)
    tracked = subprocess.run(["git", "-C", str(ROOT), "ls-files"], capture_output=True, text=True,
                             check=True).stdout.split("\n")[:-1]
    for file in by_file.keys() - set(tracked):
        sys.exit(f"{by_file[file][0][0]}: there is no file {file}")
    for file in tracked:
        source = ROOT / file
        if not source.is_file():
            continue
        data = mutated_text(file, by_file[file]).encode() if file in by_file else source.read_bytes()
        write_if_new(copy / file, data)
        (copy / file).chmod(source.stat().st_mode)
    write_if_new(copy / "wirespan_mutant.hpp", HEADER.encode())
    kept = {*tracked, "wirespan_mutant.hpp"}
    for path in copy.rglob("*"):
        inside = path.relative_to(copy)
        if path.is_file() and inside.parts[0] != "build" and str(inside) not in kept:
            path.unlink()


def check():
    """Fails for a row whose text is not in its file exactly once."""
    by_file = {}
    for row in rows():
        by_file.setdefault(row[1], []).append(row)
    for file, own in by_file.items():
        mutated_text(file, own)
    print(f"mutations: {sum(map(len, by_file.values()))} rows fit their files")


def main():
    if sys.argv[1] == "--check":
        return check()
    make_copy(pathlib.Path(sys.argv[1]).resolve())


if __name__ == "__main__":
    main()
