"""control_group.py BUILD_DIR OUT_DIR: judges the peers and writes CONTROL_GROUP.md. Called by
control_group.sh, which installs and compiles them."""

import collections
import concurrent.futures
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "peers"))

import compare  # noqa: E402
import programs  # noqa: E402

BUILD, OUT = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PEERS = FOLDER / "peers"
PARTS = (1, 2, 3, 4, 5, 11)
AUTOBAHN = ",".join(["1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*",
                     *(f"{group}.*.{part}" for group in (12, 13) for part in PARTS)])
OWN = "W*"
CASES = os.environ.get("CASES", f"{AUTOBAHN},{OWN}")
BEHAVIORS = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED")
MOST_LISTED = 24


def macro(header: str, name: str) -> str:
    return re.search(rf"#define {name}\s+\"?([\w.]+)\"?", pathlib.Path(header).read_text())[1]


def versions() -> dict[str, str]:
    package = json.loads((FOLDER.parent.parent / "build/peers/node_modules/ws/package.json")
                         .read_text())
    header = pathlib.Path("/usr/include/websocketpp/version.hpp").read_text()
    numbers = [re.search(rf"{part}_version = (\d+)", header)[1]
               for part in ("major", "minor", "patch")]
    return {"websockets": importlib.metadata.version("websockets"), "ws": package["version"],
            "Boost.Beast": macro("/usr/include/boost/version.hpp", "BOOST_LIB_VERSION")
            .replace("_", "."),
            "websocketpp": ".".join(numbers)}


SERVERS = {"websockets": ["/usr/bin/python3", PEERS / "websockets_server.py"],
           "ws": ["node", PEERS / "ws_server.mjs"],
           "Boost.Beast": [OUT / "beast_server"],
           "websocketpp": [OUT / "websocketpp_server"]}
CLIENTS = {"websockets": ["/usr/bin/python3", PEERS / "websockets_client.py"],
           "ws": ["node", PEERS / "ws_client.mjs"]}


def results_of(folder: pathlib.Path, agent: str) -> dict[str, list[str]]:
    return compare.verdicts(json.loads((folder / "index.json").read_text())[agent])


def judge_server(name: str, agent: str) -> dict[str, list[str]]:
    folder = OUT / agent
    with programs.Program(*SERVERS[name], stderr=None) as server:
        url = server.read_line().rpartition(" ")[2]
        subprocess.run([BUILD / "tests/conformance_client", url, "--agent", agent, "--cases",
                        CASES, "--outdir", folder, "--jobs", "4"],
                       stdout=subprocess.DEVNULL)
    return results_of(folder, agent)


def judge_client(name: str, agent: str) -> dict[str, list[str]]:
    folder = OUT / agent
    with programs.Program(BUILD / "tests/conformance_server", "--port", 0, "--cases",
                          CASES, "--quiet", "--outdir", folder,
                          stderr=None) as suite:
        url = suite.read_line().rpartition(" ")[2]
        subprocess.run([*CLIENTS[name], url, agent], check=True)
    return results_of(folder, agent)


def verdict(result: list[str]) -> str:
    behavior, close = result
    return behavior if close in ("OK", "INFORMATIONAL") else "FAILED"


def table_row(role: str, name: str, version: str, results: dict, own: bool) -> str:
    counts = collections.Counter(verdict(result) for case, result in results.items()
                                 if case.startswith("W") == own)
    cells = [str(counts[behavior]) for behavior in BEHAVIORS]
    return f"| {role} | {name} {version} | {sum(counts.values())} | {' | '.join(cells)} |"


def deviations(results: dict) -> str:
    by_verdict = collections.defaultdict(list)
    for case in sorted(results, key=compare.sort_key):
        if results[case] not in (["OK", "OK"], ["INFORMATIONAL", "INFORMATIONAL"]):
            by_verdict[" / ".join(results[case])].append(case)
    lines = []
    for each, cases in sorted(by_verdict.items()):
        more = f" and {len(cases) - MOST_LISTED} more" if len(cases) > MOST_LISTED else ""
        lines.append(f"  * {each}: {', '.join(cases[:MOST_LISTED])}{more}")
    return "\n".join(lines) or "  * none"


def table(title: str, rows: list[str]) -> list[str]:
    return [f"## {title}", "",
            "| Role | Peer | Cases | OK | NON-STRICT | INFORMATIONAL | UNIMPLEMENTED | FAILED |",
            "|---|---|---|---|---|---|---|---|", *rows, ""]


def main() -> None:
    known = versions()
    runs = [(role, name, known[name], judge)
            for role, group, judge in (("server", SERVERS, judge_server),
                                       ("client", CLIENTS, judge_client)) for name in group]
    with concurrent.futures.ThreadPoolExecutor(3) as pool:
        results = pool.map(lambda run: run[3](run[1], f"{run[1]}-{run[2]}-{run[0]}"), runs)
        judged = [(*run[:3], result) for run, result in zip(runs, results)]
    lines = ["# Control group", "",
             "Written by control_group.sh. FAILED counts cases in which either verdict fails; "
             f"what the deviations mean is in README.md. Cases: {CASES.replace('*', chr(92) + '*')}", ""]
    lines += table("Groups of Autobahn",
                   [table_row(*each, own=False) for each in judged])
    if any(case.startswith("W") for *_, results in judged for case in results):
        lines += table("Our own cases (W)", [table_row(*each, own=True) for each in judged])
    lines += ["## Deviations (behaviour / close)", ""]
    for role, name, version, results in judged:
        lines += [f"* {name} {version}, {role}:", deviations(results)]
    (FOLDER / "CONTROL_GROUP.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
