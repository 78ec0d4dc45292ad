#!/usr/bin/env python3
"""Fails if a link of a Markdown file in the repository leads nowhere: no such file, or no such heading in it.

scripts/links.py    check all Markdown files of the checkout

Links to other sites are not followed: a test must not depend on them.
"""

import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
INLINE_CODE = re.compile(r"`[^`\n]*`")
LINK = re.compile(r"\]\(\s*<?([^)\s>]+)>?(?:\s+\"[^\"]*\")?\s*\)")
HEADING = re.compile(r"^#{1,6}\s+(.+?)\s*#*$", re.MULTILINE)


def text_of(file: Path) -> str:
    return FENCE.sub("", file.read_text(encoding="utf-8"))


def anchors(file: Path) -> set[str]:
    """Names that GitHub gives to the headings of a file; the second of the same name ends in -1, and so on."""
    found: dict[str, int] = {}
    names = set()
    for heading in HEADING.findall(text_of(file)):
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w\- ]", "", plain.lower()).replace(" ", "-")
        count = found.get(name, 0)
        found[name] = count + 1
        names.add(f"{name}-{count}" if count else name)
    return names


def broken(file: Path) -> list[str]:
    faults = []
    for link in LINK.findall(INLINE_CODE.sub("", text_of(file))):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (file.parent / path).resolve() if path else file
        if not target.exists():
            faults.append(f"{file.relative_to(ROOT)}: {link}: no such file")
        elif anchor and target.suffix == ".md" and anchor not in anchors(target):
            faults.append(f"{file.relative_to(ROOT)}: {link}: no such heading")
    return faults


def main() -> int:
    if len(sys.argv) > 1:
        print(__doc__)
        return 0 if sys.argv[1] in ("-h", "--help") else 2
    files = sorted(ROOT.rglob("*.md"))
    assert files, "no Markdown files: this is no checkout of it"
    faults = [fault for file in files for fault in broken(file)]
    print("\n".join(faults) if faults else f"the links of {len(files)} Markdown files lead somewhere")
    return 1 if faults else 0


sys.exit(main())
