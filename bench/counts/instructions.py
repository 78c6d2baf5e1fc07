"""instructions.py PROBE BASELINE [--record]: instructions per message, compared with what was recorded.

Two runs of different length are subtracted, so that starting up does not count. The counts repeat
exactly with the same compiler; a later version of it may move them by a few per cent, and more than
that is a change that somebody should have meant.
"""

import re
import subprocess
import sys

PER_RUN = 64  # messages of a round of the probe
ROUNDS = 20
TOLERANCE = 0.05


def instructions(probe, scenario, rounds):
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", probe, scenario,
         str(rounds)], capture_output=True, text=True, check=True)
    return int(re.search(r"Collected : (\d+)", done.stderr).group(1))


def per_message(probe, scenario):
    more = instructions(probe, scenario, 2 * ROUNDS)
    return (more - instructions(probe, scenario, ROUNDS)) / (ROUNDS * PER_RUN)


def main():
    probe, path = sys.argv[1:3]
    with open(path, encoding="utf-8") as file:
        lines = [line.split() for line in file if line.strip() and not line.startswith("#")]
    failed = False
    measured = []
    for scenario, recorded in lines:
        count = per_message(probe, scenario)
        measured.append((scenario, count))
        change = count / float(recorded) - 1
        verdict = "ok"
        if change > TOLERANCE:
            verdict, failed = "MORE than recorded", True
        elif change < -TOLERANCE:
            verdict = "less: record it with --record"
        print(f"{scenario:20} {count:10.1f}  recorded {recorded:>9}  {change:+7.1%}  {verdict}")
    if "--record" in sys.argv:
        with open(path, "w", encoding="utf-8") as file:
            file.write("# Instructions per message: g++ 12, preset release, as callgrind counts.\n")
            file.writelines(f"{scenario} {count:.1f}\n" for scenario, count in measured)
        return 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
