#!/usr/bin/env python3
"""run.py PROGRAMS JOBS [FILTER]: runs the mutants whose id contains FILTER against the test programs of
their layers, and says which test finds each. Exit status 1 if less than 95 % are found.

A test counts as hanging after a minute; in a run of a whole suite that prints nothing, after a minute and
the time of the suite. A failure counts only if the same test fails again by itself, so that a busy machine
finds no mutants.
The test that has found a mutant before is tried first (found.json), then the hint of its row (a
GoogleTest filter), then the whole suites, the likeliest first. The environment variable WITHOUT names
programs that are left out, and SKIP_ORIGINALS=1 the run without a mutant."""

import concurrent.futures
import json
import os
import pathlib
import re
import select
import subprocess
import sys
import time

import apply

TARGET = 95
QUIET = 60  # seconds; and those of the suite
ALONE = "*AppCloseMany.close_from_another_thread*:*AppChaos.close_ends*"  # tests that measure time
SUITES = {
    "core": ["core_tests", "rfc6455_tests", "rfc7692_tests", "core_allocation_tests"],
    "net": ["net_tests", "option_tests", "simulation_tests"],
    "tls": ["tls_tests"],
    "app": ["app_tests", "contract_call_tests", "option_tests", "server_tests", "simulation_tests"],
    "server": ["server_tests", "contract_call_tests", "option_tests", "simulation_tests", "app_tests"],
}


LEFT_OUT = os.environ.get("WITHOUT", "").split()


def layer_of(file):
    return "server" if file.startswith("app/server/") else file.split("/")[0]


def suites_of(file):
    return [program for program in SUITES[layer_of(file)] if program not in LEFT_OUT]


def output_of(process, quiet):
    """(all that it prints, "fails" if it was killed because an expectation failed, "hangs" if it printed
    nothing for `quiet` seconds, or None)"""
    output, verdict = b"", None
    while verdict is None:
        ready, _, _ = select.select([process.stdout], [], [], quiet)
        part = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
        output += part
        if not ready:
            verdict = "hangs"
        elif b": Failure\n" in output:  # what follows may take for ever
            verdict = "fails"
        elif not part:
            break
    if verdict:
        os.killpg(process.pid, 9)
    process.wait()
    process.stdout.close()
    return output.decode(errors="replace"), verdict


class Runner:
    def __init__(self, programs):
        self.programs = programs
        self.memory = programs / "found.json"
        self.known = self.remembered()
        self.seconds = self.known.get("seconds", {})  # that the suites take

    def remembered(self):
        return json.loads(self.memory.read_text()) if self.memory.exists() else {}

    def run(self, program, number, tests):
        """(how it ended, name of the failed test or of the one it stopped in)"""
        environment = {**os.environ, "WIRESPAN_MUTANT": str(number)}
        command = [str(self.programs / program), "--gtest_fail_fast", f"--gtest_filter={tests}"]
        process = subprocess.Popen(command, env=environment, cwd=self.programs,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        whole = tests.startswith("*-")
        output, verdict = output_of(process, QUIET + (self.seconds.get(program, QUIET) if whole else 0))
        how = verdict or {0: "passes", 1: "fails"}.get(process.returncode, "crashes")
        begun = re.findall(r"^\[ RUN      \] (\S+)", output, re.M)
        test = (begun or ["?"])[-1]
        return how if begun else "passes", test

    def finds(self, program, number, tests):
        """The first test that fails, and fails again by itself; None if there is none."""
        left_out = [ALONE]
        while len(left_out) < 6:
            how, test = self.run(program, number, f"{tests}-{':'.join(left_out)}")
            if how == "passes":
                return None
            again, _ = self.run(program, number, test)
            if again != "passes":
                return f"{program} {test} {how}"
            left_out.append(test)
        return None

    def judge(self, row):
        number, name, file, hint = row
        suites = suites_of(file)
        before = self.known.get(name, "").split()
        attempts = [(before[0], before[1])] if before else []
        attempts += [(program, hint) for program in suites if hint]
        attempts += [(program, "*") for program in suites]
        for program, tests in attempts:
            found = self.finds(program, number, tests)
            if found:
                return found
        return None

    def remember(self, name, found):
        self.known = {**self.remembered(), name: found}
        self.memory.write_text(json.dumps(self.known, indent=1, sort_keys=True))


def check_originals(runner, files, jobs):
    """All suites have to pass where no mutant is chosen."""
    programs = list(dict.fromkeys(program for file in files for program in suites_of(file)))

    def check(program):
        start = time.monotonic()
        how, test = runner.run(program, 0, f"*-{ALONE}")
        if how != "passes":  # on a busy machine: the test by itself decides
            how, _ = runner.run(program, 0, test)
        return program, how, test, time.monotonic() - start

    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        for program, how, test, seconds in pool.map(check, programs):
            print(f"no mutant: {program} passes in {seconds:.0f} s" if how == "passes"
                  else f"no mutant: {program} {how} at {test}", flush=True)
            if how != "passes":
                sys.exit(2)
            runner.seconds[program] = seconds
    runner.remember("seconds", runner.seconds)


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
        check_originals(runner, [row[2] for row in rows], jobs)
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
