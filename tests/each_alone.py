#!/usr/bin/env python3
"""each_alone.py BUILD_DIR: checks each source of the tests by itself, without making code of it. A warning
is an error."""

import concurrent.futures
import json
import os
import pathlib
import shlex
import subprocess
import sys


def check(entry):
    """The compiler's complaints about a source; nothing if there are none."""
    words = shlex.split(entry["command"])
    at = words.index("-o")
    command = [word for word in words[:at] + words[at + 2:] if word != "-c"]
    done = subprocess.run([*command, "-fsyntax-only", "-Werror"], cwd=entry["directory"],
                          capture_output=True, text=True, check=False)
    return "" if done.returncode == 0 else done.stderr or entry["file"]


def main():
    build = pathlib.Path(sys.argv[1])
    entries = json.loads((build / "compile_commands.json").read_text(encoding="utf-8"))
    # Some sources are written by the build; they are not the project's own.
    sources = [entry for entry in entries
               if "/tests/" in entry["file"] and not entry["file"].startswith(str(build.resolve()))]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = [complaint for complaint in pool.map(check, sources) if complaint]
    for complaint in found:
        print(complaint)
    print(f"each_alone: {len(sources)} sources, {len(found)} with complaints")
    return 1 if found or len(sources) < 100 else 0


if __name__ == "__main__":
    sys.exit(main())
