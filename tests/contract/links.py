#!/usr/bin/env python3
"""links.py SOURCE_DIR: every link between the project's pages leads to a file, and to a heading if it names one."""

import pathlib
import re
import sys

LINK = re.compile(r"\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`[^`\n]*`")
HEADING = re.compile(r"^#+ +(.*)$", re.MULTILINE)


def prose(page):
    return FENCE.sub("", page.read_text(encoding="utf-8"))


def anchors(page):
    """As GitHub makes them: lower case, blanks to hyphens, other punctuation left out."""
    titles = [title.replace("`", "").lower() for title in HEADING.findall(prose(page))]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def complaints(source, page):
    for target in LINK.findall(SPAN.sub("", prose(page))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, heading = target.partition("#")
        there = (page.parent / name).resolve() if name else page
        if not there.exists():
            yield f"{page.relative_to(source)}: {target} does not exist"
        elif heading and heading not in anchors(there):
            yield f"{page.relative_to(source)}: {target} names no heading"


def main():
    source = pathlib.Path(sys.argv[1]).resolve()
    pages = [page for layer in ("", ".github", "core", "net", "tls", "app", "app/guide", "tests", "bench", "fuzz")
             for page in sorted((source / layer).glob("*.md"))]
    assert len(pages) > 20, "the pages are elsewhere"
    found = [one for page in pages for one in complaints(source, page)]
    if found:
        sys.exit("\n".join(found))


main()
