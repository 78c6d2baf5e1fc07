#!/usr/bin/env python3
"""judge.py: runs the suite against one of our programs and compares with the golden results.

  judge.py server WSCONFORM ECHO_SERVER [options] [-- options of echo_server]
  judge.py client WSCONFORM AUTOBAHN_CLIENT [options] [-- options of autobahn_client]"""

import argparse
import pathlib
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(FOLDER.parent / "peers"))

import compare  # noqa: E402
import programs  # noqa: E402


def judge_server(arguments, certificate_and_key, folder: pathlib.Path) -> None:
    options = list(arguments.options)
    trust = []
    if certificate_and_key:
        certificate, key = certificate_and_key
        options += ["--tls", "--certificate", certificate, "--key", key]
        trust = ["--ca", certificate]
    with programs.EchoServer(arguments.program, *options) as server:
        # Status 1: a case does not pass; the comparison names it.
        status = subprocess.run(
            [arguments.suite, "server", server.url, "--agent", arguments.agent, "--cases", arguments.cases,
             "--outdir", folder, "--jobs", str(arguments.jobs), "--time-scale",
             str(arguments.time_scale), *trust]).returncode
        programs.expect(status in (0, 1), f"wsconform ended with {status}")


def judge_client(arguments, certificate_and_key, folder: pathlib.Path) -> None:
    options, environment = [], {}
    if certificate_and_key:
        certificate, key = certificate_and_key
        options = ["--tls", "--certificate", certificate, "--key", key]
        environment["WEBSOCKET_CLIENT_CA_BUNDLE"] = str(certificate)
    with programs.Program(arguments.suite, "client", "--port", 0, "--cases", arguments.cases, "--outdir",
                          folder, "--time-scale", arguments.time_scale, *options,
                          stderr=None) as suite:
        url = suite.read_line().rpartition(" ")[2]
        with programs.Program(arguments.program, url, "--agent", arguments.agent,
                              *arguments.options, stderr=None, environment=environment) as client:
            status = client.wait(arguments.timeout)
            programs.expect(status == 0, f"the client ended with {status}")
        suite.process.terminate()
        # Status 1, as above.
        programs.expect(suite.wait() in (0, 1), "wsconform failed")
        print("\n".join(suite.output))


def parse() -> argparse.Namespace:
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=("server", "client"))
    parser.add_argument("suite")
    parser.add_argument("program")
    parser.add_argument("--agent", default="wirespan")
    parser.add_argument("--cases", default="*")
    parser.add_argument("--tls", action="store_true")
    parser.add_argument("--jobs", type=int, default=1, help="cases at a time, of a server")
    parser.add_argument("--time-scale", type=float, default=1)
    parser.add_argument("--timeout", type=int, default=3600)
    parser.add_argument("--outdir", type=pathlib.Path, help="keep the reports there")
    parser.add_argument("--update", action="store_true", help="renew the golden results")
    arguments = parser.parse_args(words[:end])
    arguments.options = words[end + 1:]
    return arguments


def main() -> None:
    arguments = parse()
    judge = judge_server if arguments.role == "server" else judge_client
    with programs.temporary_folder() as scratch:
        folder = arguments.outdir or scratch / "reports"
        judge(arguments, programs.make_certificate(scratch) if arguments.tls else None, folder)
        lines = compare.check(FOLDER / f"expected_{arguments.role}.json", folder / "index.json",
                              arguments.agent, arguments.cases, arguments.update)
    if lines:
        sys.exit("\n".join(["different from the golden results:", *lines]))


if __name__ == "__main__":
    main()
