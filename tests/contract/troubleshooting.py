#!/usr/bin/env python3
"""troubleshooting.py SOURCE_DIR: every text of an error code of ours stands in the guide."""

import pathlib
import re
import sys

source = pathlib.Path(sys.argv[1])
page = (source / "app/guide/troubleshooting.md").read_text(encoding="utf-8")
core = re.findall(r'\{Errc::\w+, "([^"]+)"\}', (source / "core/error.cpp").read_text(encoding="utf-8"))
tls = re.findall(r'case TlsErrc::\w+:\n\s+return "([^"]+)"',
                 (source / "tls/error.cpp").read_text(encoding="utf-8"))
assert len(core) > 80 and len(tls) > 4, "the sources look different"
missing = [text for text in core + tls if f"| {text} |" not in page]
if missing:
    sys.exit("\n".join(f"not in the guide: {text}" for text in missing))
