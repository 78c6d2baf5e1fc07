#!/usr/bin/env python3
"""compare.py EXPECTED INDEX AGENT [--cases PATTERNS] [--update]: compares with golden results.

Any difference fails, a better result too. With --update the golden file takes over the results of
the cases that were run."""

import argparse
import json
import pathlib
import re
import sys


def sort_key(case: str):
    return [part.lstrip("W").zfill(4) if part[0] != "W" else "W" + part[1:].zfill(4)
            for part in case.split(".")]


def verdicts(results: dict) -> dict:
    return {case: [entry["behavior"], entry["behaviorClose"]] for case, entry in results.items()}


def matcher(patterns: str):
    expressions = [re.escape(each.strip()).replace(r"\*", ".*") for each in patterns.split(",")]
    return re.compile("|".join(expressions)).fullmatch


def differences(expected: dict, found: dict, wanted=None) -> list[str]:
    """Returns a line per difference. `wanted` is true for the expected cases that had to run."""
    lines = []
    for case in sorted(expected.keys() | found.keys(), key=sort_key):
        if case not in found:
            if wanted is None or wanted(case):
                lines.append(f"{case}: not run")
        elif expected.get(case) != found[case]:
            lines.append(f"{case}: expected {expected.get(case)}, found {found[case]}")
    return lines


def read_golden(path: pathlib.Path) -> dict:
    return json.loads(path.read_text()) if path.exists() else {}


def write_golden(path: pathlib.Path, results: dict) -> None:
    lines = [f'  "{case}": {json.dumps(results[case])}' for case in sorted(results, key=sort_key)]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n")


def check(expected: pathlib.Path, index: pathlib.Path, agent: str, cases: str,
          update: bool = False) -> list[str]:
    found = verdicts(json.loads(index.read_text())[agent])
    golden = read_golden(expected)
    if update:
        write_golden(expected, golden | found)
        return []
    return differences(golden, found, matcher(cases))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("expected", type=pathlib.Path)
    parser.add_argument("index", type=pathlib.Path)
    parser.add_argument("agent")
    parser.add_argument("--cases", default="*")
    parser.add_argument("--update", action="store_true")
    arguments = parser.parse_args()
    lines = check(arguments.expected, arguments.index, arguments.agent, arguments.cases,
                  arguments.update)
    if lines:
        sys.exit("\n".join(lines))


if __name__ == "__main__":
    main()
