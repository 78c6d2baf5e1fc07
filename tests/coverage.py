"""coverage.py LAYER...: judges build/coverage/LAYER.json, which coverage.sh has made. A layer must
reach its targets, and each line that no test reaches has a row in coverage.tsv (file, a part of the
line, reason), or is printed as open. A row that fits no such line is an error."""

import collections
import itertools
import json
import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent
# Per cent of lines and of branches.
TARGETS = {"core": (98, 95), "net": (92, 0), "tls": (92, 0), "app": (92, 0)}


def reasons() -> list[tuple[str, str, str]]:
    rows = (HERE / "coverage.tsv").read_text(encoding="utf-8").splitlines()
    return [tuple(row.split("\t", 2)) for row in rows if row]


def source_of(name: str) -> pathlib.Path:
    """Public headers are compiled by way of a folder of links in the build."""
    return ROOT / (name.split("/wirespan/", 1)[1] if "/wirespan/" in name else name)


def reached(layer: str) -> dict[tuple[str, int], tuple[int, list[int]]]:
    """Returns the count of each line and those of its branches. A public header has two names in the
    report, the folder's and the link's: what either has reached is reached."""
    report = json.loads((ROOT / f"build/coverage/{layer}.json").read_text(encoding="utf-8"))
    counts: dict[tuple[str, int], tuple[int, list[int]]] = {}
    for file in report["files"]:
        name = str(source_of(file["file"]).relative_to(ROOT))
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            branches = [branch["count"] for branch in line["branches"] if not branch.get("throw")]
            before, others = counts.get((name, line["line_number"]), (0, []))
            both = itertools.zip_longest(branches, others, fillvalue=0)
            counts[name, line["line_number"]] = (before + line["count"], [sum(two) for two in both])
    return counts


def judge(layer: str, rows: list[tuple[str, str, str]], used: set[tuple[str, str, str]]) -> bool:
    counts = reached(layer)
    branches = [branch > 0 for _, own in counts.values() for branch in own]
    lines = [count > 0 for count, _ in counts.values()]
    shares = (100 * sum(lines) / len(lines), 100 * sum(branches) / len(branches))
    print(f"{layer}: {shares[0]:.1f} % of {len(lines)} lines,",
          f"{shares[1]:.1f} % of {len(branches)} branches;",
          f"targets {TARGETS[layer][0]} and {TARGETS[layer][1] or 'none'}")
    by_reason: collections.Counter[str] = collections.Counter()
    missing = []
    for name, number in sorted(place for place, (count, _) in counts.items() if count == 0):
        code = (ROOT / name).read_text(encoding="utf-8").splitlines()[number - 1].strip()
        row = next((row for row in rows if row[0] == name and row[1] in code), None)
        if row:
            used.add(row)
            by_reason[row[2]] += 1
        else:
            missing.append(f"  {name}:{number}: {code}")
    for reason, count in by_reason.most_common():
        print(f"  {count} unreached: {reason}")
    print(*missing, sep="\n")
    return all(share >= target for share, target in zip(shares, TARGETS[layer]))


def main(layers: list[str]) -> int:
    used: set[tuple[str, str, str]] = set()
    rows = reasons()
    verdicts = [judge(layer, rows, used) for layer in layers]
    stale = [row for row in rows if row not in used and row[0].split("/")[0] in layers]
    for row in stale:
        print(f"coverage.tsv: no unreached line of {row[0]} has {row[1]!r}")
    return 0 if all(verdicts) and not stale else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
