"""attacks.py [--check]: writes tests/attacks.md, the table from each class of attack to the tests that
play it, from tests/attacks.tsv. It fails if an id is missing or stands there twice, or if a row names a
test that does not exist; names are read from the sources, so nothing has to be built. A test is
"Suite.name", "file: row" for a row of a table, or "load/name", "contract/name", "conformance/name",
"counts/name", "peers/name", "fuzz/name" for an entry of ctest, or "nightly/script". A row that no test plays says
"missing" instead, and one that is played against one of its two roles only "missing for the client" or
"missing for the server" behind its tests. With --check nothing is written; it fails if attacks.md is out
of date, or if more rows say "missing" than MOST_MISSING, which may only be lowered."""

import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
TARGET = HERE / "attacks.md"
MOST_MISSING = 0
GROUPS = {"A": ("Frames and lengths", 19), "B": ("Memory, time and descriptors", 19),
          "C": ("Compression", 15), "D": ("Opening handshake and HTTP", 24),
          "E": ("A client and its secrets", 14), "F": ("Lifetime, reentrancy and threads", 14),
          "G": ("System, TLS and time", 19)}
EXTRA = ["E2b", "E2c"]
ROLES = ("client", "server", "both")
HALVES = ("missing for the client", "missing for the server")

TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
ROW = re.compile(r'"(\w+)"')
ENTRY = re.compile(r"(?:wirespan_load_test|wirespan_contract|wirespan_peer_test|conformance_test|wirespan_counts)"
                   r"\(\s*([\w.${}]+)")
FOLDERS = {"server_load/server_load.cmake": "load", "contract/contract.cmake": "contract",
           "peers/peers.cmake": "peers", "conformance/conformance.cmake": "conformance",
           "../bench/counts/CMakeLists.txt": "counts"}


def names_in_sources() -> set[str]:
    known = set()
    for path in HERE.rglob("*_test.cpp"):
        text = path.read_text(encoding="utf-8")
        known |= {f"{suite}.{name}" for suite, name in TEST.findall(text)}
        known |= {f"{path.stem.removesuffix('_test')}: {row}" for row in ROW.findall(text)}
    for path in (HERE.parent / "fuzz").glob("*_fuzz.cpp"):
        known.add(f"fuzz/{path.stem}")
    nightly = (HERE / "nightly.sh").read_text(encoding="utf-8")
    return known | {f"nightly/{name}" for name in re.findall(r"(\w+\.sh)", nightly)}


def is_entry(test: str) -> bool:
    """Returns whether ctest has this entry. A ${variable} in its name stands for a word of that file."""
    for file, folder in FOLDERS.items():
        text = (HERE / file).read_text(encoding="utf-8")
        if not test.startswith(folder + "/"):
            continue
        for name in ENTRY.findall(text):
            parts = re.split(r"\$\{\w+\}", name)
            match = re.fullmatch(r"(\w+)".join(map(re.escape, parts)), test[len(folder) + 1:])
            if match and all(re.search(rf"\b{word}\b", text) for word in match.groups()):
                return True
    return False


def expected_ids() -> list[str]:
    plain = [f"{group}{n}" for group, (_, count) in GROUPS.items() for n in range(1, count + 1)]
    return plain + EXTRA


def rows_of_table() -> list[list[str]]:
    lines = (HERE / "attacks.tsv").read_text(encoding="utf-8").splitlines()
    return [line.split("\t") for line in lines]


def defects_of(rows: list[list[str]]) -> list[str]:
    known = names_in_sources()
    found = [f"{row[0]} has {len(row)} cells, not 5" for row in rows if len(row) != 5]
    if found:
        return found
    ids = [row[0] for row in rows]
    found += [f"{name} stands {ids.count(name)} times in attacks.tsv" for name in expected_ids()
              if ids.count(name) != 1]
    found += [f"{name} is no class of attack" for name in ids if name not in expected_ids()]
    for name, _, role, _, tests in rows:
        listed = tests.split(", ")
        gaps = [test for test in listed if test in ("missing", *HALVES)]
        if role not in ROLES:
            found.append(f"{name} has no known role: {role}")
        if gaps and tests != "missing" and (role != "both" or len(listed) < 2 or gaps != listed[-1:] or
                                            gaps == ["missing"]):
            found.append(f"{name} says wrongly what is missing: {tests}")
        found += [f"{name} names a test that does not exist: {test}" for test in listed
                  if test not in gaps and test not in known and not is_entry(test)]
    return found


def table(rows: list[list[str]]) -> str:
    lines = ["# Attacks and the tests that play them", "",
             "Written by `tests/attacks.py` from `attacks.tsv`; CI checks that it is up to date. A row is a",
             "class of attack, with the CVE that made it known where there is one; the role is that of the",
             "side that is attacked. `file: row` is a row of a test's table."]
    for group, (title, _) in GROUPS.items():
        lines += ["", f"## {title}", "", "| | attack | role | what must hold | tests |",
                  "|---|---|---|---|---|"]
        for name, attack, role, holds, tests in rows:
            if name.startswith(group):
                cell = "<br>".join(f"*{test}*" if test in ("missing", *HALVES) else f"`{test}`"
                                   for test in tests.split(", "))
                lines.append(f"| {name} | {attack} | {role} | {holds} | {cell} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    rows = rows_of_table()
    if defects := defects_of(rows):
        sys.exit("\n".join(defects))
    text = table(rows)
    if "--check" not in sys.argv:
        TARGET.write_text(text, encoding="utf-8")
    elif not TARGET.exists() or TARGET.read_text(encoding="utf-8") != text:
        sys.exit("tests/attacks.md is out of date: run tests/attacks.py")
    missing = [row[0] for row in rows if row[4].split(", ")[-1] in ("missing", *HALVES)]
    if len(missing) > MOST_MISSING:
        sys.exit(f"{len(missing)} attacks lack a test, {MOST_MISSING} may: " + ", ".join(missing))
    print(f"attacks: {len(rows) - len(missing)} of {len(rows)} have their tests")


main()
