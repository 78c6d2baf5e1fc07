#!/usr/bin/env python3
"""option_rows.py ROOT: compares the tables of tests/options with the public headers. Each aggregate of
options has a table, each of its fields one row of that name, and each test that a row names exists.
Names are read from the sources, so nothing has to be built."""

import pathlib
import re
import sys

AGGREGATE = re.compile(r"\b(?:struct|class) (\w+)[^;{]*\{")
OPTIONS = re.compile(r"(Options|Policy|Limits|How)$")
TABLE = re.compile(r"using Options = ([\w:]+);(.*?)WIRESPAN_OPTION_TABLE\(", re.DOTALL)
ROW = re.compile(r"\bOPTION\((\w+)\)")
COVERED = re.compile(r'CoveredBy\{((?:\s*"[^"]*")+)\s*\}')
SUITE = re.compile(r"WIRESPAN_OPTION_TABLE\((\w+),")
OF_SUITE = "each_value_does_what_its_comment_says"
TEST = re.compile(r"^TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\s*\)", re.MULTILINE)
TOOLS = "app/tools/"


def without_comments(text: str) -> str:
    return re.sub(r"//[^\n]*", "", text)


def block_at(text: str, begin: int) -> str:
    """Returns what is between the brace at `begin` and its counterpart."""
    depth = 0
    for i in range(begin, len(text)):
        depth += (text[i] == "{") - (text[i] == "}")
        if depth == 0:
            return text[begin + 1:i]
    return ""


def repeatedly(pattern: str, text: str, by: str = "") -> str:
    """Replaces until nothing is left to replace, so from the inside of nested brackets to the outside."""
    while (changed := re.sub(pattern, by, text)) != text:
        text = changed
    return text


def fields_of(body: str) -> list[str]:
    body = repeatedly(r"<[^<>;]*>", body)
    body = repeatedly(r"\{[^{}]*\}", body, "@")  # an initializer, or the body of a function
    body = re.sub(r"[^;@]*\([^;]*\)[^;@]*@", "", body)
    found = []
    for statement in body.split(";"):
        declaration = statement.split("=")[0]
        words = declaration.replace("@", " ").split()
        if len(words) > 1 and "(" not in declaration and words[0] not in ("using", "struct", "enum"):
            found.append(words[-1])
    return found


def aggregates_of(path: pathlib.Path, scope: str) -> dict[str, list[str]]:
    """Returns the fields of the aggregates of options in a header, by name as tables have it."""
    text = without_comments(path.read_text(encoding="utf-8"))
    found = {}
    for match in AGGREGATE.finditer(text):
        body = block_at(text, match.end() - 1)
        if match[0].startswith("struct") and OPTIONS.search(match[1]) and match[1] != "Options":
            found[scope + match[1]] = fields_of(body)
        inner = re.search(r"\bstruct Options \{", body)
        if match[0].startswith("class") and inner:
            found[scope + match[1] + "::Options"] = fields_of(block_at(body, inner.end() - 1))
    return found


def main() -> None:
    root = pathlib.Path(sys.argv[1])
    fields: dict[str, list[str]] = {}
    for layer, scope in (("core", ""), ("net", "net::"), ("tls", "tls::"), ("app", "")):
        for path in sorted((root / layer).rglob("*.hpp")):
            if not str(path.relative_to(root)).startswith(TOOLS):
                fields |= aggregates_of(path, scope)
    sources = [path.read_text(encoding="utf-8") for path in (root / "tests").rglob("*_test.cpp")]
    tests = {f"{suite}.{name}" for text in sources for suite, name in TEST.findall(text)}
    tests |= {f"{suite}.{OF_SUITE}" for text in sources for suite in SUITE.findall(text)}
    defects, tables, rows, named = [], set(), 0, 0
    for path in sorted((root / "tests" / "options").glob("*_test.cpp")):
        text = without_comments(path.read_text(encoding="utf-8"))
        for name, table in TABLE.findall(text):
            tables.add(name)
            found = ROW.findall(table)
            rows += len(found)
            expected = fields.get(name, [])
            defects += [f"{name} has no field {row}" for row in found if row not in expected]
            defects += [f"{name}::{field} has {found.count(field)} rows" for field in expected
                        if found.count(field) != 1]
        for texts in COVERED.findall(text):
            named += 1
            test = "".join(re.findall(r'"([^"]*)"', texts))
            if test not in tests:
                defects.append(f"{path.name} names a test that does not exist: {test}")
    defects += [f"{name} has no table in tests/options" for name in fields if name not in tables]
    if defects:
        sys.exit("\n".join(defects))
    print(f"options: {len(tables)} tables with {rows} rows; {named} rows name another test")


main()
