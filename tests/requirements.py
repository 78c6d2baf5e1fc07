"""requirements.py BUILD_DIR [--check]: writes tests/requirements.md, the table from each requirement
to the tests that check it. A test claims a requirement by a token R<number> in its name. With --check
nothing is written; it fails if a requirement in scope has no test, or if the table is out of date."""

import collections
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
TOKEN = re.compile(r"(?<![A-Za-z0-9])R([0-9]{1,3})(?![A-Za-z0-9])")
MOST_NAMES = 6


def gtest_names(program: pathlib.Path) -> list[str]:
    output = subprocess.run([program, "--gtest_list_tests"], check=True, capture_output=True,
                            text=True).stdout
    names, suite = [], ""
    for line in output.splitlines():
        name = line.split("#")[0].rstrip()
        if not name.startswith(" "):
            suite = name
        else:
            names.append(suite + name.strip())
    return names


def script_names() -> list[str]:
    """Tests written in other languages declare what they check in lines `checks: name`."""
    names = []
    for path in sorted((HERE / "peers").glob("*")):
        if path.suffix in (".py", ".mjs", ".sh"):
            for line in path.read_text(encoding="utf-8").splitlines():
                if match := re.search(r"checks: (\w+)", line):
                    names.append(f"{path.name}.{match.group(1)}")
    return names


def all_tests(build: pathlib.Path) -> list[str]:
    programs = sorted(p for p in (build / "tests").glob("*_tests") if p.is_file())
    if not programs:
        sys.exit(f"no test programs in {build}/tests")
    names = [name for program in programs for name in gtest_names(program)]
    return names + script_names()


def base_name(name: str) -> str:
    """Without the prefix of a parameterised instance."""
    return name.split("/", 1)[1] if re.match(r"^\w+/\w+\.", name) else name


def table(names: list[str]) -> tuple[str, list[str]]:
    claims: dict[str, list[str]] = collections.defaultdict(list)
    for name in names:
        for number in set(TOKEN.findall(name.replace("_", " ").replace(".", " ").replace("/", " "))):
            if base_name(name) not in claims["R" + number]:
                claims["R" + number].append(base_name(name))
    lines = ["# Requirements and their tests", "",
             "Written by `tests/requirements.py`; CI checks that it is up to date. Sections are those",
             "of RFC 6455 unless another RFC is named. Rows of later work say what they wait for.", "",
             "| | section | role | requirement | tests |", "|---|---|---|---|---|"]
    missing = []
    for row in (HERE / "requirements.tsv").read_text(encoding="utf-8").splitlines():
        number, section, role, scope, title = row.split("\t")
        tests = sorted(claims.get(number, []))
        shown = "<br>".join(f"`{test}`" for test in tests[:MOST_NAMES])
        if len(tests) > MOST_NAMES:
            shown += f"<br>and {len(tests) - MOST_NAMES} more"
        if not tests:
            shown = "" if scope == "here" else f"*later: {scope}*"
            if scope == "here":
                missing.append(f"{number} ({title})")
        lines.append(f"| {number} | {section} | {role} | {title} | {shown} |")
    return "\n".join(lines) + "\n", missing


def main() -> None:
    build = pathlib.Path(sys.argv[1])
    text, missing = table(all_tests(build))
    target = HERE / "requirements.md"
    if "--check" not in sys.argv:
        target.write_text(text, encoding="utf-8")
    elif target.read_text(encoding="utf-8") != text:
        sys.exit(f"tests/requirements.md is out of date: run tests/requirements.py {build}")
    if missing:
        sys.exit("without a test: " + ", ".join(missing))
    print("requirements: every one in scope has a test")


main()
