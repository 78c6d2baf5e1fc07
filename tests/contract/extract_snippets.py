"""extract_snippets.py README OUT_DIR PORT: writes each C++ block of the README as a separate
program, with PORT instead of 9001, and prints the file names."""

import pathlib
import re
import sys


def main() -> None:
    readme, out_dir, port = sys.argv[1:4]
    text = pathlib.Path(readme).read_text(encoding="utf-8")
    blocks = re.findall(r"^```cpp\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    folder = pathlib.Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    names = []
    for number, block in enumerate(blocks, start=1):
        path = folder / f"snippet_{number}.cpp"
        source = block.replace("9001", port)
        if not path.exists() or path.read_text(encoding="utf-8") != source:
            path.write_text(source, encoding="utf-8")
        names.append(str(path))
    print(";".join(names), end="")


main()
