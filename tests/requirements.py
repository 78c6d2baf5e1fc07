"""requirements.py [--check]: writes tests/requirements.md, the table from each requirement to the
tests that check it. A test claims a requirement by a token R<number> in its name, or in the name of
a row of its table; names are read from the sources, so nothing has to be built. With --check nothing
is written; it fails if a requirement in scope has no test, or if the table is out of date."""

import collections
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE / "requirements.md"
# The tests of the RFC clauses come first, as they are the most readable.
FOLDERS = ["rfc6455", "rfc7692", "core", "model", "net", "tls", "app", "parity", "server", "contract", "peers"]
MOST_NAMES = 4

TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
ROW = re.compile(r'"((?:\w*_)?R[0-9]{1,3}(?:_\w*)?)"')
SCRIPT = re.compile(r"checks: (\w+)")
TOKEN = re.compile(r"(?<![A-Za-z0-9])R([0-9]{1,3})(?![A-Za-z0-9])")


def names_in(path: pathlib.Path) -> list[str]:
    if path.suffix not in (".cpp", ".py", ".mjs", ".sh"):
        return []
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".cpp":
        tests = [f"{suite}.{name}" for suite, name in TEST.findall(text)]
        table_of = path.stem.removesuffix("_test")
        return tests + [f"{table_of}: {row}" for row in ROW.findall(text)]
    return [f"{path.name}: {name}" for name in SCRIPT.findall(text)]


def claims() -> dict[str, list[str]]:
    """Returns the names of tests by requirement, in the order of FOLDERS."""
    claimed: dict[str, list[str]] = collections.defaultdict(list)
    for folder in FOLDERS:
        names = {name for path in (HERE / folder).glob("*") for name in names_in(path)}
        for name in sorted(names):
            for number in set(TOKEN.findall(re.sub(r"[_.:]", " ", name))):
                claimed["R" + number].append(name)
    return claimed


def shown(tests: list[str], scope: str) -> str:
    if not tests:
        return "" if scope == "here" else f"*later: {scope}*"
    cell = "<br>".join(f"`{test}`" for test in tests[:MOST_NAMES])
    return cell + ("<br>and others" if len(tests) > MOST_NAMES else "")


def table() -> tuple[str, list[str]]:
    claimed = claims()
    lines = ["# Requirements and their tests", "",
             "Written by `tests/requirements.py`; CI checks that it is up to date. Sections are those",
             "of RFC 6455 unless another RFC is named. Rows of later work say what they wait for.", "",
             "| | section | role | requirement | tests |", "|---|---|---|---|---|"]
    missing = []
    for row in (HERE / "requirements.tsv").read_text(encoding="utf-8").splitlines():
        number, section, role, scope, title = row.split("\t")
        tests = claimed.pop(number, [])
        if not tests and scope == "here":
            missing.append(f"{number} ({title})")
        lines.append(f"| {number} | {section} | {role} | {title} | {shown(tests, scope)} |")
    if claimed:
        sys.exit("tests claim requirements that are not in requirements.tsv: " +
                 ", ".join(f"{number} ({names[0]})" for number, names in claimed.items()))
    return "\n".join(lines) + "\n", missing


def main() -> None:
    text, missing = table()
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("tests/requirements.md is out of date: run tests/requirements.py")
    if missing:
        sys.exit("without a test: " + ", ".join(missing))
    print("requirements: every one in scope has a test")


main()
