"""scoreboard.py BUILD_DIR OUT_DIR: judges this library and its peers, and writes app/guide/scoreboard.md. Called by
scoreboard.sh, which installs and compiles them."""

import collections
import concurrent.futures
import contextlib
import importlib.metadata
import json
import os
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "peers"))
sys.path.insert(0, str(FOLDER.parent.parent / "bench/echo"))

import compare  # noqa: E402
import peers as measured  # noqa: E402
import programs  # noqa: E402

BUILD, OUT = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2])
PEERS = FOLDER / "peers"
ROOT = FOLDER.parent.parent
MEASURED = ROOT / "bench/echo/servers"
PORT = "{port}"
PARTS = (1, 2, 3, 4, 5, 11)
AUTOBAHN = ",".join(["1.*,2.*,3.*,4.*,5.*,6.*,7.*,9.*,10.*",
                     *(f"{group}.*.{part}" for group in (12, 13) for part in PARTS)])
OWN = "W*"
CASES = os.environ.get("CASES", f"{AUTOBAHN},{OWN}")
BEHAVIORS = ("OK", "NON-STRICT", "INFORMATIONAL", "UNIMPLEMENTED", "FAILED")
MOST_LISTED = 24


def macro(header: str, name: str) -> str:
    return re.search(rf"#define {name}\s+\"?([\w.]+)\"?", pathlib.Path(header).read_text())[1]


def npm(package: str) -> str:
    folder = "build/peers" if package == "ws" else "build/bench-peers"
    return json.loads((ROOT / folder / "node_modules" / package / "package.json").read_text())["version"]


def debian(package: str) -> str:
    version = subprocess.run(["dpkg-query", "-W", "-f=${Version}", package], check=True, text=True,
                             capture_output=True).stdout
    return re.sub(r"^\d+:|-[^-]*$", "", version)


def versions() -> dict[str, str]:
    header = pathlib.Path("/usr/include/websocketpp/version.hpp").read_text()
    numbers = [re.search(rf"{part}_version = (\d+)", header)[1]
               for part in ("major", "minor", "patch")]
    project = re.search(r"project\(wirespan VERSION ([\d.]+)", (ROOT / "CMakeLists.txt").read_text())[1]
    return {"wirespan": project, "wirespan behind nginx": debian("nginx-light"),
            "websockets": importlib.metadata.version("websockets"), "ws": npm("ws"),
            "Boost.Beast": macro("/usr/include/boost/version.hpp", "BOOST_LIB_VERSION").replace("_", "."),
            "websocketpp": ".".join(numbers), "libwebsockets": debian("libwebsockets-dev"),
            "uWebSockets.js": npm("uwebsockets"), "bun": npm("bun")}


OURS = [BUILD / "app/echo_server", "--compression", "--max-message-size", 64 << 20, "--port"]
# Those with PORT listen there; the others choose a port and print their URL.
SERVERS = {"wirespan": [*OURS, 0],
           "websockets": ["/usr/bin/python3", PEERS / "websockets_server.py"],
           "ws": ["node", PEERS / "ws_server.mjs"],
           "Boost.Beast": [OUT / "beast_server"],
           "websocketpp": [OUT / "websocketpp_server"],
           "libwebsockets": [OUT / "lws_echo", PORT, "stream"],
           "uWebSockets.js": ["node", MEASURED / "uws_echo.cjs", PORT, "none"],
           "bun": [measured.bun(), MEASURED / "bun_echo.mjs", PORT, "none"]}
CLIENTS = {"wirespan": [BUILD / "app/autobahn_client", "{url}", "--compression", "--agent"],
           "websockets": ["/usr/bin/python3", PEERS / "websockets_client.py", "{url}"],
           "ws": ["node", PEERS / "ws_client.mjs", "{url}"]}
BEHIND_NGINX = "wirespan behind nginx"
FRONT = """  server {{
    listen 127.0.0.1:{port};
    location / {{
      proxy_pass {url};
      proxy_http_version 1.1;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection "upgrade";
      proxy_set_header Host $http_host;
    }}
  }}
"""


@contextlib.contextmanager
def serving(name: str):
    """Yields the URL of a server."""
    if name == BEHIND_NGINX:
        with serving("wirespan") as url, programs.temporary_folder() as folder:
            port = programs.free_port()
            front = FRONT.format(port=port, url=url.replace("ws:", "http:").rstrip("/"))
            with programs.nginx(folder, front) as proxy:
                programs.await_listener(port, proxy)
                yield f"ws://127.0.0.1:{port}/"
        return
    command = SERVERS[name]
    if PORT not in command:
        with programs.Program(*command, stderr=None) as server:
            yield server.read_line().rpartition(" ")[2]
        return
    port = programs.free_port()
    environment = {"NODE_PATH": str(ROOT / "build/bench-peers/node_modules")}
    with programs.Program(*[port if word == PORT else word for word in command], environment=environment) as server:
        programs.await_listener(port, server)
        yield f"ws://127.0.0.1:{port}/"


def results_of(folder: pathlib.Path, agent: str) -> dict[str, list[str]]:
    return compare.verdicts(json.loads((folder / "index.json").read_text())[agent])


def judge_server(name: str, agent: str) -> dict[str, list[str]]:
    with serving(name) as url:
        # Status 1: a case does not pass; the table says so.
        subprocess.run([BUILD / "app/wsconform", "server", url, "--agent", agent, "--cases", CASES,
                        "--outdir", OUT / agent, "--jobs", "4", "--quiet"], check=False)
    return results_of(OUT / agent, agent)


def judge_client(name: str, agent: str) -> dict[str, list[str]]:
    subprocess.run([BUILD / "app/wsconform", "client", "--port", "0", "--cases", CASES, "--quiet",
                    "--outdir", OUT / agent, "--", *CLIENTS[name], agent], check=False)
    return results_of(OUT / agent, agent)


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
            for role, group, judge in (("server", [*SERVERS, BEHIND_NGINX], judge_server),
                                       ("client", CLIENTS, judge_client)) for name in group]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda run: run[3](run[1], f"{run[1]}-{run[2]}-{run[0]}"), runs)
        judged = [(*run[:3], result) for run, result in zip(runs, results)]
    lines = ["# Scoreboard", "",
             "What [wsconform](wsconform.md) says of this library and of others; written by "
             "`tests/conformance/scoreboard.sh`.",
             "FAILED counts the cases in which either verdict fails. Cases: "
             f"{CASES.replace('*', chr(92) + '*')}", ""]
    lines += table("Groups of Autobahn",
                   [table_row(*each, own=False) for each in judged])
    if any(case.startswith("W") for *_, results in judged for case in results):
        lines += table("Our own cases (W)", [table_row(*each, own=True) for each in judged])
    lines += ["## Deviations (behaviour / close)", ""]
    for role, name, version, results in judged:
        lines += [f"* {name} {version}, {role}:", deviations(results)]
    (ROOT / "app/guide/scoreboard.md").write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
