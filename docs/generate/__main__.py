"""Writes what is generated: ``make docs``.

With ``--check`` it changes nothing and ends with 1 where a page is stale.
"""

from __future__ import annotations

import sys

from docs.generate.pages import pages
from docs.generate.source import ROOT


def main() -> None:
    """Write, or only look."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(path.relative_to(ROOT))  # noqa: T201 - a script
        if "--check" not in sys.argv:
            path.write_text(pages()[path], encoding="utf-8")
    sys.exit(1 if stale and "--check" in sys.argv else 0)


if __name__ == "__main__":
    main()
