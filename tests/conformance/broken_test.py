#!/usr/bin/env python3
"""broken_test.py WSCONFORM BROKEN_ENDPOINT [FLAW...]: the suite has to
find each flaw, in exactly the cases that are about it, in both roles."""

import argparse
import concurrent.futures
import json
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "peers"))

import compare  # noqa: E402
import programs  # noqa: E402

CASES = "1.*,2.*,3.*,4.*,5.*,6.*,7.*,10.*"
JOBS = 16
OBSERVED_ONLY = ["7.1.6", "7.13.1", "7.13.2"]


class Sets:
    """Named sets of cases, taken from the list that the suite prints."""

    def __init__(self, listing: str):
        lines = [line.split(maxsplit=1) for line in listing.splitlines()]
        self.all = [case for case, _ in lines if case not in OBSERVED_ONLY]
        about = dict(lines)
        self.valid_text = [case for case in self.all if about[case].startswith("Valid UTF-8")]
        self.bad_text = [case for case in self.all
                         if about[case].startswith("Invalid UTF-8")] + self.of("6.3.* 6.4.*")
        # A good message directly followed by a violation.
        self.message_then_error = self.of("3.2 3.3 3.4 4.1.3 4.1.4 4.1.5 4.2.3 4.2.4 4.2.5 5.15")
        self.fragments_back = self.of("5.3 5.4 5.5 5.6 5.7 5.8 5.19 5.20")
        self.text_back = (self.of("1.1.* 6.1.* 6.2.* 7.1.1 10.1.1") + self.fragments_back +
                          self.valid_text)
        self.empty_back = self.of("1.1.1 1.2.1 6.1.1 6.1.2")
        self.pong = self.of("2.1 2.2 2.3 2.4 2.6 2.9 2.10 2.11 5.6 5.7 5.8 5.19 5.20")
        self.good_close = self.of("2.7 2.8 7.1.2 7.1.3 7.1.4 7.1.5 7.3.1 7.3.3 7.3.4 7.3.5 7.7.*")
        self.bad_code = self.of("7.9.*")
        self.bad_close = self.of("7.3.2 7.3.6 7.5.1 7.9.*")
        self.closed_by_suite = sorted({*self.text_back, *self.of("1.2.*"), *self.pong,
                                       *self.good_close})
        self.error = [case for case in self.all
                      if case not in self.closed_by_suite + self.bad_close + self.bad_text]

    def of(self, patterns: str) -> list[str]:
        wanted = compare.matcher(",".join(patterns.split()))
        return [case for case in self.all if wanted(case)]


def without(cases: list[str], *others: list[str]) -> list[str]:
    return [case for case in cases if not any(case in other for other in others)]


def expectations(sets: Sets, server: bool) -> dict[str, list[tuple[list[str], str, str]]]:
    """Returns for each flaw the cases that must not be OK, with their expected verdicts."""
    of = sets.of
    # Only a server must end TCP; a client may wait for the server to do so.
    stays = [(sets.closed_by_suite, "OK", "UNCLEAN")] if server else []
    misread = without(sets.text_back + of("1.2.*"), of("1.1.7 1.1.8 1.2.7 1.2.8 10.1.1"))
    small_echo = [case for case in misread if case != "7.1.1"]
    return {
        "none": [],
        "accepts_bad_utf8": [(sets.bad_text, "FAILED", "FAILED")],
        "checks_utf8_late": [(of("6.4.*"), "NON-STRICT", "OK")],
        "ignores_reserved_bits": [(of("3.1 3.2 3.3 3.4 3.5 3.6"), "FAILED", "FAILED")],
        "ignores_reserved_opcodes": [(of("4.1.1 4.1.2 4.2.1 4.2.2"), "OK", "FAILED"),
                                     (of("4.1.3 4.1.4 4.1.5 4.2.3 4.2.4 4.2.5"), "FAILED",
                                      "FAILED")],
        # The endpoint's pong is too long as well, so the suite does not count it as a pong.
        "accepts_long_pings": [(of("2.5"), "OK", "FAILED"),
                               (of("7.3.6"), "FAILED", "WRONG CODE")],
        # The second fragment continues no message: the error is found, but a pong was sent before.
        "accepts_fragmented_pings": [(of("5.1"), "FAILED", "OK")],
        "accepts_stray_fragments": [(of("5.9 5.10 5.11 5.12 5.13 5.14 5.15 5.16 5.17 5.18"),
                                     "FAILED", "FAILED")],
        "loses_second_fragment": [(sets.fragments_back + of("5.15 6.1.3 6.2.2 6.2.3 6.2.4 10.1.1"),
                                   "FAILED", "OK")],
        "empties_pongs": [(without(sets.pong, of("2.1")), "FAILED", "OK")],
        "answers_no_ping": [(sets.pong, "FAILED", "OK")],
        "answers_one_ping_of_two": [(of("2.10 2.11 5.19 5.20"), "FAILED", "OK")],
        # The endpoint ignores the Close frame and also answers the frames that follow it.
        "answers_no_close": [
            (without(sets.closed_by_suite, of("7.*")) + of("2.7 2.8"), "OK", "UNCLEAN"),
            (without(of("7.1.* 7.3.1 7.3.3 7.3.4 7.3.5 7.7.*"), of("7.1.3 7.1.4 7.1.5")), "OK",
             "UNCLEAN"),
            (of("7.1.3 7.1.4 7.1.5"), "FAILED", "UNCLEAN"),
            (without(sets.bad_close, of("7.3.6")) if server else [], "OK", "FAILED BY CLIENT")],
        "answers_after_close": stays,
        "keeps_tcp": stays,
        "accepts_any_close_code": [(sets.bad_code, "FAILED", "WRONG CODE")],
        "accepts_any_close_reason": [(of("7.5.1"), "FAILED", "WRONG CODE")],
        "wrong_close_code": [(sets.error + without(sets.bad_text, of("6.3.* 6.4.*")) +
                              of("6.3.* 6.4.*"), "OK", "WRONG CODE"),
                             (sets.bad_close, "FAILED", "WRONG CODE")],
        "answers_text_as_binary": [(sets.text_back + sets.message_then_error, "FAILED", "OK")],
        "cuts_last_octet": [(without(sets.text_back + of("1.2.*") + sets.message_then_error,
                                     sets.empty_back), "FAILED", "OK")],
        "wrongly_masked": [
            (without(sets.closed_by_suite, sets.good_close), "FAILED", "UNCLEAN"),
            (sets.good_close, "OK", "UNCLEAN"),
            (without(sets.error, sets.message_then_error), "OK", "FAILED"),
            (sets.message_then_error, "NON-STRICT", "FAILED"),
            (sets.bad_text, "FAILED", "FAILED"),
            (sets.bad_close if server else [], "OK", "FAILED BY CLIENT")],
        "lengths_not_minimal": [(small_echo + of("7.1.1"), "FAILED", "UNCLEAN"),
                                (sets.message_then_error, "NON-STRICT", "FAILED")],
        "echoes_late": [(sets.message_then_error, "NON-STRICT", "OK")],
    }


def expected_verdicts(sets: Sets, rows) -> dict[str, list[str]]:
    verdicts = {case: ["OK", "OK"] for case in sets.all}
    verdicts |= {case: ["INFORMATIONAL", "INFORMATIONAL"] for case in OBSERVED_ONLY}
    for cases, behavior, close in rows:
        verdicts |= {case: [behavior, close] for case in cases}
    return verdicts


def judge_server(arguments, flaw: str, folder: pathlib.Path) -> None:
    with programs.Program(arguments.endpoint, "--flaw", flaw) as endpoint:
        url = endpoint.read_line().rpartition(" ")[2]
        subprocess.run([arguments.suite, "server", url, "--agent", flaw, "--cases", CASES, "--jobs",
                        str(JOBS), "--outdir", folder], stdout=subprocess.DEVNULL)


def judge_client(arguments, flaw: str, folder: pathlib.Path) -> None:
    with programs.Program(arguments.suite, "client", "--port", 0, "--cases", CASES, "--quiet", "--outdir",
                          folder) as suite:
        url = suite.read_line().rpartition(" ")[2]
        subprocess.run([arguments.endpoint, "--flaw", flaw, "--url", url, "--agent", flaw,
                        "--jobs", str(JOBS)], check=True)


def check(arguments, sets: Sets, flaw: str, role: str, scratch: pathlib.Path) -> list[str]:
    folder = scratch / role / flaw
    (judge_server if role == "server" else judge_client)(arguments, flaw, folder)
    found = compare.verdicts(json.loads((folder / "index.json").read_text())[flaw])
    expected = expected_verdicts(sets, expectations(sets, role == "server")[flaw])
    return [f"{role} {flaw} {line}" for line in compare.differences(expected, found)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("suite")
    parser.add_argument("endpoint")
    parser.add_argument("flaws", nargs="*")
    parser.add_argument("--role", choices=("server", "client"))
    arguments = parser.parse_args()
    listing = subprocess.run([arguments.suite, "server", "--list", "--cases", CASES], check=True, text=True,
                             capture_output=True).stdout
    flaws = subprocess.run([arguments.endpoint, "--list"], check=True, text=True,
                           capture_output=True).stdout.split()
    sets = Sets(listing)
    roles = [arguments.role] if arguments.role else ["server", "client"]
    with programs.temporary_folder() as scratch, concurrent.futures.ThreadPoolExecutor(4) as pool:
        checks = [pool.submit(check, arguments, sets, flaw, role, scratch)
                  for flaw in arguments.flaws or flaws for role in roles]
        lines = [line for each in checks for line in each.result()]
    if lines:
        sys.exit("\n".join(lines))
    print(f"{len(checks)} broken endpoints fail in the cases that they should, and in no other")


if __name__ == "__main__":
    main()
