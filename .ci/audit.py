"""Asks whether anything in requirements.txt has a known vulnerability: ``make audit``.

One that is known ends with 1. When nobody can be asked, that is said, and ends with 0: a machine without a network is
no worse for it.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
IGNORED: dict[str, str] = {}
"""Advisories that do not concern us, each with the reason."""
SECONDS = 180


def main() -> int:
    """The exit code."""
    known = ask()
    if known is None:
        sys.stderr.write("the audit of dependencies was not made: nobody who knows could be reached\n")
        return 0
    bad = [line for name, version, advisory in known for line in judged(name, version, advisory)]
    sys.stderr.write("\n".join([*bad, f"{len(bad)} known vulnerabilities in requirements.txt", ""]))
    return 1 if bad else 0


def judged(name: str, version: str, advisory: dict[str, object]) -> list[str]:
    """A line for an advisory that counts."""
    names = {str(advisory["id"]), *map(str, advisory.get("aliases") or [])}  # type: ignore[call-overload]
    if names & set(IGNORED):
        return []
    fixed = ", ".join(map(str, advisory.get("fix_versions") or [])) or "no release yet"  # type: ignore[call-overload]
    return [f"{name} {version}: {advisory['id']}, fixed in {fixed}"]


def ask() -> list[tuple[str, str, dict[str, object]]] | None:
    """Every advisory with its package; None when the question could not be put."""
    words = ["--requirement", str(ROOT / "requirements.txt"), "--no-deps", "--disable-pip", "--format", "json"]
    command = [sys.executable, "-m", "pip_audit", *words, "--progress-spinner", "off", "--timeout", "10"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, check=False)
        found = json.loads(done.stdout)["dependencies"]
        asked = [each for each in found if "skip_reason" not in each]
    except (subprocess.TimeoutExpired, ValueError, KeyError):
        return None
    if len(asked) < len(found):
        sys.stderr.write(f"{len(found) - len(asked)} of {len(found)} dependencies are not known to who was asked\n")
    return [(each["name"], each["version"], one) for each in asked for one in each["vulns"]] if asked else None


if __name__ == "__main__":
    sys.exit(main())
