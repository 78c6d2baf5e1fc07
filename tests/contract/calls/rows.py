#!/usr/bin/env python3
"""rows.py calls|losses SOURCE_DIR: the tables of tests/contract/calls are complete.

calls: every public call of the classes in SENDERS has a row in a table of calls, "Class::name" or
"Class::name(what tells the overload)", or a line in other_calls.tsv. A new class in app/*.hpp with calls
of its own has to be named in SENDERS or in SILENT.
losses: every error of core/error.hpp has a line in ends.tsv, and every row or test named there exists."""

import pathlib
import re
import sys

# Class: whether its const functions are calls, too: those of a handle are.
SENDERS = {"WebSocketApp": False, "AppHandle": True, "WebSocket": False, "ServerConnection": True,
           "WebSocketServer": False, "PendingRequest": True}
SILENT = {
    "CookieJar": "a store", "AppHandlers": "fields",
    "CloseHandler": "calls what the application gave it", "HeaderItem": "a value",
    "HeaderSource": "a value", "ReconnectOption": "a value", "ReconnectPolicy": "a value",
    "SendResult": "a value", "Frame": "a value", "ReceivedMessage": "a value",
    "Iterator": "recv()",
}
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
CLASS = re.compile(r"\b(class|struct)\s+(?:\w+::)*(\w+)(?:<[^{;]*>)?(?:\s*:[^{;]*)?\s*\{")
NAME = re.compile(r"(operator[^(]*|~?\w+)\s*\(")


def without_comments(text):
    return re.sub(r"//[^\n]*", "", text)


def body_at(text, start):
    """Returns the text between the brace before `start` and its partner."""
    depth = 1
    for at in range(start, len(text)):
        depth += {"{": 1, "}": -1}.get(text[at], 0)
        if depth == 0:
            return text[start:at]
    return text[start:]


def declarations(body):
    """Splits a body into its declarations; the inside of braces is left out."""
    depth, flat = 0, ""
    for char in body:
        if char == "}":
            depth -= 1
            flat += ";" if depth == 0 else ""
        elif depth == 0:
            flat += char if char != "{" else " "
        depth += char == "{"
    return flat.split(";")


def calls_of(kind, name, body, with_const):
    """Yields the names of the public functions: no constructors, destructors, operators."""
    is_public = kind == "struct"
    for part in declarations(body):
        for access in re.findall(r"\b(public|protected|private)\s*:(?!:)", part):
            is_public = access == "public"
        part = re.sub(r"\b(public|protected|private)\s*:(?!:)", " ", part)
        part = re.sub(r"\[\[[^]]*\]\]|\btemplate\s*<[^>]*>|\bnoexcept\b", " ", part)
        found = NAME.search(re.sub(r"<[^<>]*\([^<>]*>", " ", part)) if is_public else None
        is_other = not found or found[1].strip() in (name, "~" + name) or "operator" in found[1]
        if is_other or "friend" in part or re.search(r"\busing\b|=\s*(delete|default)\s*$", part):
            continue
        is_const = re.search(r"\)\s*const\b", part) is not None
        if with_const or not is_const:
            yield found[1]


def public_calls(root):
    """Returns {class: [function, ...]} of all classes in app/*.hpp, overloads repeated."""
    calls = {}
    for path in sorted((root / "app").glob("*.hpp")):
        text = without_comments(path.read_text(encoding="utf-8"))
        for found in CLASS.finditer(text):
            kind, name = found[1], found[2]
            body = body_at(text, found.end())
            calls.setdefault(name, []).extend(calls_of(kind, name, body, SENDERS.get(name, False)))
    return calls


def tests_in(root):
    files = (root / "tests").rglob("*.cpp")
    return {f"{suite}.{name}" for path in files
            for suite, name in TEST.findall(path.read_text(encoding="utf-8"))}


def lines_of(path):
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if line and not line.startswith("#"):
            yield number, line.split("\t")


def check_calls(root):
    tables = root / "tests/contract/calls"
    text = "".join(path.read_text(encoding="utf-8") for path in tables.glob("*_calls_test.cpp"))
    rows = set(re.findall(r'"((?:\w+)::\w+(?:\([^"]*\))?)"', text))
    others, tests, wrong = {}, tests_in(root), []
    for number, (call, kind, why) in lines_of(tables / "other_calls.tsv"):
        others[call] = number
        if kind not in ("nothing", "test") or (kind == "test" and why not in tests):
            wrong.append(f"other_calls.tsv:{number}: no such test: {why}")
    calls, used = public_calls(root), set()
    for name, functions in calls.items():
        if functions and name not in SENDERS and name not in SILENT:
            wrong.append(f"{name}: neither in SENDERS nor in SILENT: {sorted(set(functions))}")
    for name, with_all in ((name, calls.get(name, [])) for name in SENDERS):
        for function in sorted(set(with_all)):
            call = f"{name}::{function}"
            found = [row for row in rows if row == call or row.startswith(call + "(")]
            listed = [o for o in others if o == call or (o[-1] == "*" and call.startswith(o[:-1]))]
            used.update(listed)
            if len(found) < with_all.count(function) and not listed:
                wrong.append(f"{call}: {with_all.count(function)} overloads, {len(found)} rows")
    wrong += [f"other_calls.tsv:{others[o]}: no such call: {o}" for o in others if o not in used]
    known = sum(len(calls.get(name, [])) for name in SENDERS)
    return wrong, f"{known} public calls of {len(SENDERS)} classes", known > 80


def check_losses(root):
    tables = root / "tests/contract/calls"
    files = [*tables.glob("*loss*_test.cpp"), tables / "account.cpp"]
    text = "".join(path.read_text(encoding="utf-8") for path in files)
    header = without_comments((root / "core/error.hpp").read_text(encoding="utf-8"))
    body = body_at(header, header.index("{", header.index("enum class Errc")) + 1)
    errors = re.findall(r"\b(\w+)\b(?:\s*=\s*\d+)?\s*(?:,|$)", body)
    seen, tests, wrong = set(), tests_in(root), []
    for number, (error, kind, what) in lines_of(tables / "ends.tsv"):
        seen.add(error)
        for one in what.split(", ") if kind != "never" else []:
            if kind == "row" and f'"{one}"' not in text:
                wrong.append(f"ends.tsv:{number}: no row {one}")
            if kind == "test" and one not in tests:
                wrong.append(f"ends.tsv:{number}: no such test: {one}")
        if kind not in ("row", "test", "never") or not what:
            wrong.append(f"ends.tsv:{number}: {kind} is not row, test or never")
    wrong += [f"ends.tsv: no line for Errc::{error}" for error in errors if error not in seen]
    outcomes = {"Close_of_ours", "Close_of_the_peer", "reset", "write_error",
                "destruction", "not_enough_memory"}
    wrong += [f"ends.tsv: no such error: {one}" for one in seen - set(errors) - outcomes]
    wrong += [f"ends.tsv: no line for {one}" for one in outcomes - seen]
    return wrong, f"{len(errors)} errors", len(errors) > 70


def main():
    check = {"calls": check_calls, "losses": check_losses}[sys.argv[1]]
    wrong, what, is_all = check(pathlib.Path(sys.argv[2]))
    for line in wrong:
        print(line)
    print(f"{what}, {len(wrong)} wrong")
    return 1 if wrong or not is_all else 0


if __name__ == "__main__":
    sys.exit(main())
