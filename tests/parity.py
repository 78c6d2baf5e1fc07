"""parity.py [--check]: compares tests/parity.md, which is written by hand, with the tests. It fails if
a row has no test, if one of its tests does not exist, or does not have the row's word (KEEP or FIX) in
its name; also if a row of "From Python" in app/README.md has neither word, or says "later". Names are
read from the sources, so nothing has to be built. Without --check it also counts the rows."""

import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SECTIONS = ["loops", "handshake", "URLs", "proxies", "TLS", "sockets and time-outs",
            "keep-alive and reconnecting", "known weaknesses", "wsdump"]
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
ROW = re.compile(r'"((?:KEEP|FIX)_\w+)"')
CLAIM = re.compile(r"checks: (\w+)")
WORD = re.compile(r"(?<![A-Za-z0-9])(KEEP|FIX)(?![A-Za-z0-9])")


def names_in(path: pathlib.Path) -> list[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return [f"{path.name}: {name}" for name in CLAIM.findall(text)]
    table_of = path.stem.removesuffix("_test")
    return ([f"{suite}.{name}" for suite, name in TEST.findall(text)] +
            [f"{table_of}: {row}" for row in ROW.findall(text)])


def rows_of(text: str) -> list[list[str]]:
    """Returns the cells of each row of the tables, without the lines that head them."""
    lines = text.splitlines()
    return [[cell.strip() for cell in line.strip("|").split(" | ")]
            for line, after in zip(lines, lines[1:] + [""])
            if line.startswith("| ") and not after.startswith("|---")]


def defects_of(row: list[str], known: set[str]) -> list[str]:
    if len(row) != 4:
        return [f"has {len(row)} cells: {row}"]
    section, behaviour, word, cell = row
    tests = re.findall(r"`([^`]+)`", cell)
    found = []
    if section not in SECTIONS or word not in ("KEEP", "FIX"):
        found.append(f"has no known section and word: {section}, {word}")
    if not tests:
        found.append("has no test")
    for test in tests:
        if test not in known:
            found.append(f"names a test that does not exist: {test}")
        elif word not in WORD.findall(test.replace("_", " ")):
            found.append(f"is {word}, which its test is not: {test}")
    return [f"{section}: {behaviour}: {defect}" for defect in found]


def defects_of_readme() -> list[str]:
    text = (HERE.parent / "app" / "README.md").read_text(encoding="utf-8")
    rows = rows_of(text[text.index("\n## From Python\n"):])
    words = [(row[0], row[-1].strip(" |")) for row in rows]
    return ([f"app/README.md: {name} has neither KEEP nor FIX" for name, word in words
             if word != "below" and not WORD.search(word)] +
            [f"app/README.md: {name} says later" for name, word in words
             if re.search(r"\blater\b", word, re.IGNORECASE)])


def main() -> None:
    paths = [path for pattern in ("*/*_test.cpp", "peers/*.py") for path in HERE.glob(pattern)]
    known = {name for path in paths for name in names_in(path)}
    rows = rows_of((HERE / "parity.md").read_text(encoding="utf-8"))
    defects = [defect for row in rows for defect in defects_of(row, known)] + defects_of_readme()
    sizes = collections.Counter(row[0] for row in rows)
    defects += [f"{section} has no row" for section in SECTIONS if not sizes[section]]
    if defects:
        sys.exit("\n".join(defects))
    if "--check" not in sys.argv:
        print("\n".join(f"{section}: {sizes[section]}" for section in SECTIONS))
    print(f"parity: each of {len(rows)} rows has its tests")


main()
