"""constant_time.py PROBE: a comparison with a secret takes the same number of instructions wherever a
guess of the same length differs from it, so that its time tells nothing about the secret."""

import sys

from instructions import per_message

SCENARIOS = ("compare_first", "compare_last", "compare_equal")


def main():
    counts = {scenario: per_message(sys.argv[1], scenario) for scenario in SCENARIOS}
    print(counts)
    return 0 if len(set(counts.values())) == 1 and min(counts.values()) > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
