# SPDX-License-Identifier: Apache-2.0
"""What the lint tests share: the project's files, the tables of ARCHITECTURE.md, the command's tables, and telling results."""
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
BUILD = pathlib.Path(os.environ.get("BUILD", SOURCE / "build"))
COMMAND = os.environ.get("CALLGATE", str(BUILD / "cli/callgate"))
SHOWN = 25  # findings of one test

_failed = []


def check(name, findings):
    """ok, or not ok with each finding on a line of its own."""
    findings = list(findings)
    if findings:
        _failed.append(name)
        print(f"not ok {name}: {len(findings)} finding{'s' if len(findings) > 1 else ''}")
        for finding in findings[:SHOWN]:
            print(f"    {finding}")
        if findings[SHOWN:]:
            print(f"    … and {len(findings) - SHOWN} more")
    else:
        print(f"ok {name}")


def skip(name, reason):
    print(f"skip {name}: {reason}")


def finish():
    sys.exit(1 if _failed else 0)


def files(*patterns):
    """The project's files, as git sees them (also those not yet added, not those ignored); all of them without git."""
    git = subprocess.run(["git", "-C", str(SOURCE), "ls-files", "-z", "--cached", "--others", "--exclude-standard"], capture_output=True)
    if git.returncode == 0:
        found = [SOURCE / name for name in git.stdout.decode().split("\0") if name]
    else:
        found = [p for p in SOURCE.rglob("*") if not re.match(r"(build|\.)", p.relative_to(SOURCE).parts[0])]
    found = sorted(p for p in found if p.is_file() and not p.is_symlink())
    return [p for p in found if not patterns or any(p.match(pattern) for pattern in patterns)]


def name_of(path):
    return str(path.relative_to(SOURCE))


def table(heading):
    """Rows of the table below a heading of ARCHITECTURE.md, each a list of cells without their back quotes."""
    text = (SOURCE / "ARCHITECTURE.md").read_text()
    found = re.search(rf"^#+ {re.escape(heading)}\n(.*?)(?=^#+ |\Z)", text, re.MULTILINE | re.DOTALL)
    if not found:
        sys.exit(f"not ok ARCHITECTURE.md: there is no section \"{heading}\"")
    rows = [line for line in found.group(1).splitlines() if line.startswith("|")][2:]
    if not rows:
        sys.exit(f"not ok ARCHITECTURE.md: the section \"{heading}\" has no table")
    return [[cell.strip().replace("`", "") for cell in row.strip().strip("|").split("|")] for row in rows]


def words(cell):
    """The words of a cell; a dash means none."""
    return [] if cell in ("–", "-", "") else re.split(r"[,\s]+", cell)


def verbs():
    """{verb: [option names]} and the common options, from `callgate help --table`."""
    text = subprocess.run([COMMAND, "help", "--table"], check=True, capture_output=True, text=True).stdout
    own, common = {}, []
    for line in text.splitlines():
        verb, _, option, _, _ = line.split("\t")
        if option == ".":
            own[verb] = []
        elif verb == ".":
            common.append(option)
        else:
            own[verb].append(option)
    return own, common
