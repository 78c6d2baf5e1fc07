#!/usr/bin/env python3
"""paragraphs.py FOLDER HEADER...: writes each header, as Doxygen should read it, to FOLDER/wirespan/...

In our headers a comment is about every declaration of its paragraph: those below it, up to an empty
line, another comment or an access specifier. Doxygen takes it for the first declaration alone, so each
of the others gets a copy. Constructors, assignments and comparisons that only do what their signature
says get that as their comment. Indented lines of a comment stand as they are. Specialisations of the
standard's templates are left out. A warning names the line of the header, because none is added.
"""
import pathlib
import re
import shutil
import sys

SCOPE = re.compile(r"^(?:template\s*<.*>\s*)?(?:inline\s+)?(class|struct|union|namespace)\b", re.S)
SILENT = re.compile(r"^(?:friend|(?:virtual\s+)?~|static_assert|using\s+namespace|using\s+[\w:]+::\w+\s*;"
                    r"|extern\s+template|(?:template\s*<[^;{]*>\s*)?(?:class|struct)\s+\w+\s*;)", re.S)
SPECIAL = [
    (re.compile(r"operator==\([^)]*\)[^;{]*= default"), "Compares all members."),
    (re.compile(r"^(?:explicit\s+)?(?:\w+::)*(\w+)\(const \1& ?\w*\)"), "Copies."),
    (re.compile(r"^(?:explicit\s+)?(?:\w+::)*(\w+)\(\1&& ?\w*\)"), "Moves."),
    (re.compile(r"\w+& operator=\(const \w+& ?\w*\)"), "Copies."),
    (re.compile(r"\w+& operator=\(\w+&& ?\w*\)"), "Moves."),
    (re.compile(r"(\w+)& operator=\(\1 \w+\)"), "Copies or moves."),
]


class Declaration:
    """From the first line of a statement to that of its end; lines count from 0."""

    def __init__(self, line):
        self.line = line
        self.end = line
        self.text = ""


def without_comments(line):
    """The line without strings' contents and comments; no header has a block comment."""
    line = re.sub(r'"(?:[^"\\]|\\.)*"', '""', line)
    line = re.sub(r"'(?:[^'\\]|\\.)+'", "''", line)
    return line.split("//")[0]


INITIALISER = re.compile(r"[=,]\s*[\w:<>]*\s*\{\s*\}?$|\)\s*:[^{]*\w\{[^{]*$")
ACCESS = re.compile(r"(public|protected|private):")


class Scanner:
    """Finds the declarations at the level of namespaces and classes, character by character."""

    def __init__(self):
        self.found = []
        self.scopes = []  # "scope" or "body", for each open brace
        self.now = None
        self.parens = 0

    def inside(self):
        return bool(self.scopes) and self.scopes[-1] == "body"

    def end(self, number):
        self.now.end = number
        self.found.append(self.now)
        self.now = None

    def take(self, char, number):
        if self.now is None and not self.inside() and not char.isspace() and char not in "};":
            self.now = Declaration(number)
        if self.now is not None and not self.inside():
            self.now.text += char
        self.parens += (char == "(") - (char == ")")
        if char == "{":
            self.open(number)
        elif char == "}" and self.scopes:
            self.scopes.pop()
            if self.ends_function():
                self.end(number)
        elif self.now is not None and not self.inside() and self.parens == 0:
            if char == ";" or (char == ":" and ACCESS.fullmatch(self.now.text)):
                self.end(number)

    def open(self, number):
        opens = self.now is not None and not self.inside() and self.parens == 0 and SCOPE.match(self.now.text)
        if opens:
            self.end(number)
        self.scopes.append("scope" if opens else "body")

    def ends_function(self):
        if self.now is None or self.inside() or self.parens != 0 or ")" not in self.now.text:
            return False
        return not INITIALISER.search(self.now.text)


def declarations(lines):
    scanner = Scanner()
    for number, line in enumerate(lines):
        code = without_comments(line)
        if not code.lstrip().startswith("#"):
            for char in code + "\n":
                scanner.take(char, number)
    return scanner.found


def comment_above(lines, number):
    """The doc comment that ends in the line above, as text; None without one."""
    first = number
    while first > 0 and lines[first - 1].strip().startswith("///"):
        first -= 1
    texts = [line.strip()[3:].strip() for line in lines[first:number]]
    return " ".join(texts) if texts else None


def copies(lines):
    """Line -> comment, for each declaration that shares the one of its paragraph."""
    result, comment, last = {}, None, -2
    for declaration in declarations(lines):
        text = re.sub(r"^\[\[nodiscard\]\]\s*", "", declaration.text.strip())
        own = comment_above(lines, declaration.line)
        above = declaration.line > last + 1 or ACCESS.match(text)
        comment = own or (None if above else comment)
        last = declaration.end
        said = own or any("///<" in line for line in lines[declaration.line:declaration.end + 1])
        if SCOPE.match(text):
            comment = None
        if said or SILENT.match(text) or SCOPE.match(text):
            continue
        special = next((words for pattern, words in SPECIAL if pattern.search(text)), None)
        if special or comment:
            result[declaration.line] = special or comment
    return result


def without_specialisations(lines):
    """The lines; those from the first specialisation on, which end a header, are empty."""
    text = "\n".join(lines)
    found = re.search(r"\n(?:///[^\n]*\n)*template <>\nstruct std::", text)
    if not found:
        return lines
    kept = text[:found.start()].count("\n") + 1
    return lines[:kept] + [""] * (len(lines) - kept)


def as_blocks(lines):
    """Comments as block comments, in which lines indented by two spaces or more stand as they are."""
    blocks = list(lines)
    is_comment = [bool(re.match(r"\s*///(?!<)", line)) for line in lines] + [False]
    is_indented = [bool(re.match(r"\s*///  +\S", line)) for line in lines] + [False]
    for number, line in enumerate(lines):
        if not is_comment[number]:
            continue
        text = line.strip()[3:]
        if is_indented[number] and not is_indented[number - 1]:
            text = " @verbatim" + text
        if is_indented[number] and not is_indented[number + 1]:
            text += " @endverbatim"
        blocks[number] = ("" if is_comment[number - 1] else "/**") + text + ("" if is_comment[number + 1] else " */")
    return blocks


def main():
    folder = pathlib.Path(sys.argv[1])
    shutil.rmtree(folder, ignore_errors=True)
    for header in sys.argv[2:]:
        lines = without_specialisations(pathlib.Path(header).read_text(encoding="utf-8").split("\n"))
        for number, comment in copies(lines).items():
            lines[number] = f"/** {comment} */ {lines[number]}"
        lines = as_blocks(lines)
        copy = folder / header[header.rindex("/wirespan/") + 1:]
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
