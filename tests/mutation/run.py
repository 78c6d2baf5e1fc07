#!/usr/bin/env python3
"""run.py PROGRAMS JOBS [FILTER]: runs the mutants whose id contains FILTER against the test programs of
their layers, and says which test finds each. Exit status 1 if less than 95 % are found.

A failure counts only if the same test fails again by itself, so that a busy machine finds no mutants.
The test that has found a mutant before is tried first (found.json), then the hint of its row (a
GoogleTest filter), then the whole suites, the likeliest first."""

import concurrent.futures
import json
import os
import pathlib
import re
import subprocess
import sys
import time

import apply

TARGET = 95
QUICK, SLOW = 60, 900  # seconds
ALONE = "*AppCloseMany.close_from_another_thread*:*AppChaos.close_ends*"  # tests that measure time
SUITES = {
    "core": ["core_tests", "rfc6455_tests", "rfc7692_tests", "core_allocation_tests"],
    "net": ["net_tests", "simulation_tests"],
    "tls": ["tls_tests"],
    "app": ["app_tests", "server_tests", "simulation_tests"],
    "server": ["server_tests", "simulation_tests", "app_tests"],
}


def layer_of(file):
    return "server" if file.startswith("app/server/") else file.split("/")[0]


class Runner:
    def __init__(self, programs):
        self.programs = programs
        self.memory = programs / "found.json"
        self.known = json.loads(self.memory.read_text()) if self.memory.exists() else {}

    def run(self, program, number, tests, seconds):
        """(status, name of the failed test or of the one it stopped in)."""
        environment = {**os.environ, "WIRESPAN_MUTANT": str(number)}
        command = [str(self.programs / program), "--gtest_fail_fast", f"--gtest_filter={tests}"]
        process = subprocess.Popen(command, env=environment, cwd=self.programs, text=True,
                                   errors="replace", stdout=subprocess.PIPE,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        try:
            output, _ = process.communicate(timeout=seconds)
            how = {0: "passes", 1: "fails"}.get(process.returncode, "crashes")
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            output, _ = process.communicate()
            how = "hangs"
        failed = re.findall(r"^\[  FAILED  \] ([^\s,]+)", output, re.M)
        begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
        test = failed[0] if how == "fails" and failed else (begun or ["?"])[-1]
        if "0 tests ran" in output or not begun:
            how = "passes" if how == "fails" else how
        return how, test

    def finds(self, program, number, tests, seconds):
        """The first test that fails, and fails again by itself; None if there is none."""
        flaky = []
        while len(flaky) < 5:
            left_out = ":".join([ALONE, *flaky])
            how, test = self.run(program, number, f"{tests}-{left_out}", seconds)
            if how == "passes":
                return None
            again, _ = self.run(program, number, test, min(seconds, QUICK))
            if again != "passes":
                return f"{program} {test} {how}"
            flaky.append(test)
        return None

    def judge(self, row):
        number, name, file, hint = row
        suites = SUITES[layer_of(file)]
        before = self.known.get(name)
        if before:
            found = self.finds(before.split()[0], number, before.split()[1], QUICK)
            if found:
                return found
        if hint:
            for program in suites[:3]:
                found = self.finds(program, number, hint, QUICK * 2)
                if found:
                    return found
        for program in suites:
            found = self.finds(program, number, "*", SLOW)
            if found:
                return found
        return None

    def remember(self, name, found):
        self.known[name] = found
        self.memory.write_text(json.dumps(self.known, indent=1, sort_keys=True))


def check_originals(runner, layers, jobs):
    """All suites have to pass where no mutant is chosen."""
    programs = list(dict.fromkeys(program for layer in layers for program in SUITES[layer]))

    def check(program):
        start = time.monotonic()
        how, test = runner.run(program, 0, f"*-{ALONE}", SLOW)
        if how != "passes":  # on a busy machine: the test by itself decides
            how, _ = runner.run(program, 0, test, QUICK)
        return program, how, test, time.monotonic() - start

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for program, how, test, seconds in pool.map(check, programs):
            print(f"no mutant: {program} passes in {seconds:.0f} s" if how == "passes"
                  else f"no mutant: {program} {how} at {test}", flush=True)
            if how != "passes":
                sys.exit(2)


def report(results):
    shares = {}
    for layer, found in results:
        total = shares.setdefault(layer, [0, 0])
        total[0] += found
        total[1] += 1
    for layer, (found, total) in shares.items():
        print(f"{layer}: {found} of {total} found, {100 * found / total:.1f} %")
    found = sum(found for _, found in results)
    share = 100 * found / len(results)
    print(f"all: {found} of {len(results)} found, {share:.1f} %, target {TARGET} %")
    return share >= TARGET


def main():
    runner = Runner(pathlib.Path(sys.argv[1]).resolve())
    jobs = int(sys.argv[2])
    wanted = sys.argv[3] if len(sys.argv) > 3 else ""
    rows = [(apply.number_of(name), name, file, hint)
            for name, file, _, _, hint in apply.rows() if re.search(wanted, name)]
    if not rows:
        sys.exit(f"no mutant's id matches {wanted}")
    if not os.environ.get("SKIP_ORIGINALS"):
        check_originals(runner, dict.fromkeys(layer_of(row[2]) for row in rows), jobs)
    results = []
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for row, found in zip(rows, pool.map(runner.judge, rows)):
            print(f"{row[1]}: {found or 'SURVIVED'}", flush=True)
            if found:
                runner.remember(row[1], found)
            results.append((layer_of(row[2]), found is not None))
    return 0 if report(results) else 1


if __name__ == "__main__":
    sys.exit(main())
