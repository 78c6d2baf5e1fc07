"""run.py [--quick] [--before CLONE] [--only PART ...]: measures, prints the tables. With all parts it writes
bench/results.md and bench/results.svg and the table of the project's README, too."""

import argparse
import datetime
import json
import os
import platform
import subprocess

import before
import peers
import plot
import readme
import report
from measure import PARTS, Bench

PACKAGES = ["libboost1.81-dev", "libwebsocketpp-dev", "libwebsockets-dev", "python3-websocket",
            "libssl-dev"]


def first_line(*command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip().splitlines()[0]
    except (OSError, IndexError):
        return "?"


def file_line(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.readline().strip()
    except OSError:
        return "?"


def processor():
    with open("/proc/cpuinfo", encoding="utf-8") as file:
        names = [line.split(":")[1].strip() for line in file if line.startswith("model name")]
    return f"{names[0] if names else platform.machine()}, {os.cpu_count()} CPUs"


def npm_version(name):
    try:
        with open(os.path.join(peers.MODULES, name, "package.json"), encoding="utf-8") as file:
            return f"{name} {json.load(file)['version']}"
    except OSError:
        return f"{name} missing"


def about(quick, load):
    versions = [f"{p} " + first_line("dpkg-query", "-W", "-f=${Version}", p) for p in PACKAGES]
    versions += [npm_version(name) for name in ("uwebsockets", "ws", "bufferutil", "bun")]
    versions.append("node " + first_line("node", "--version"))
    control = file_line("/proc/sys/net/ipv4/tcp_congestion_control")
    return "\n".join([
        f"{datetime.date.today()}, `bench/run.sh{' --quick' if quick else ''}`."
        + (" Quick: short windows and few turns, good for factors only." if quick else ""),
        "",
        f"- {processor()}; Linux {platform.release()}; loopback, {control}; server on CPU 0, load "
        "on CPU 1",
        f"- load average before {load[0]:.1f}, after {os.getloadavg()[0]:.1f}",
        f"- {first_line('g++', '--version')}; preset `bench`",
        "- " + ", ".join(versions),
        "",
        "Medians over turns. Ratios are taken turn by turn; in square brackets the 95 % interval "
        "of their median (bootstrap).\n",
    ])


def make_certificate():
    if os.path.exists(peers.CERTIFICATE):
        return
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "3650", "-subj", "/CN=localhost", "-keyout", peers.KEY, "-out",
         peers.CERTIFICATE], check=True, capture_output=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="less than ten minutes")
    parser.add_argument("--only", nargs="+", choices=PARTS, metavar="PART",
                        help="prints only the tables of these: " + ", ".join(PARTS))
    parser.add_argument("--before", metavar="CLONE",
                        help="an earlier commit with its preset bench built takes part, too")
    arguments = parser.parse_args()
    if arguments.before:
        before.join(arguments.before)
    make_certificate()
    load = os.getloadavg()
    results = Bench(arguments.quick).run(arguments.only or PARTS)
    circumstances = about(arguments.quick, load)
    if arguments.before:
        print(before.table(results))
        results = before.without(results)
        before.leave()
    text = report.markdown(results, circumstances)
    print(text)
    if arguments.only:
        return
    with open(os.path.join(peers.BUILD, "echo-results.json"), "w", encoding="utf-8") as file:
        json.dump(results, file, indent=1)
    bench = os.path.dirname(peers.HERE)
    with open(os.path.join(bench, "results.md"), "w", encoding="utf-8") as file:
        file.write(text)
    names = [name for name in peers.server_commands(False) if name != peers.RAW]
    names.append(peers.OURS_LIBDEFLATE)
    with open(os.path.join(bench, "results.svg"), "w", encoding="utf-8") as file:
        file.write(plot.svg(report.all_plot_rows(results), names))
    readme.write(results, circumstances)


if __name__ == "__main__":
    main()
