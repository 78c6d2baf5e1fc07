"""coverage.py LAYER...: judges build/coverage/LAYER.json, which coverage.sh has made. A layer must
reach its targets, and each line that no test reaches has a row in coverage.tsv (file, a part of the
line, reason), or is printed as open. A row that fits no such line is an error."""

import collections
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


def judge(layer: str, rows: list[tuple[str, str, str]], used: set[tuple[str, str, str]]) -> bool:
    report = json.loads((ROOT / f"build/coverage/{layer}.json").read_text(encoding="utf-8"))
    lines = branches = reached_lines = reached_branches = 0
    open_lines: dict[str, list[str]] = collections.defaultdict(list)
    by_reason: collections.Counter[str] = collections.Counter()
    for file in report["files"]:
        path = source_of(file["file"])
        text = path.read_text(encoding="utf-8").splitlines()
        name = str(path.relative_to(ROOT))
        for line in file["lines"]:
            if line.get("gcovr/noncode"):
                continue
            counted = [branch for branch in line["branches"] if not branch.get("throw")]
            branches += len(counted)
            reached_branches += sum(branch["count"] > 0 for branch in counted)
            lines += 1
            reached_lines += line["count"] > 0
            if line["count"] > 0:
                continue
            code = text[line["line_number"] - 1].strip()
            row = next((row for row in rows if row[0] == name and row[1] in code), None)
            if row:
                used.add(row)
                by_reason[row[2]] += 1
            else:
                open_lines[name].append(f"{line['line_number']}: {code}")
    shares = (100 * reached_lines / lines, 100 * reached_branches / branches)
    print(f"{layer}: {shares[0]:.1f} % of {lines} lines, {shares[1]:.1f} % of {branches} branches;",
          f"targets {TARGETS[layer][0]} and {TARGETS[layer][1] or 'none'}")
    for reason, count in by_reason.most_common():
        print(f"  {count} unreached: {reason}")
    for name, missing in sorted(open_lines.items()):
        print(f"  {name}")
        for line in missing:
            print(f"    {line}")
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
