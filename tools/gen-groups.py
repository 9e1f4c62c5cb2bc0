#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write data/groups.csv: systemd's sets of system calls.

    systemd-analyze --no-pager syscall-filter | tools/gen-groups.py --syscalls data/syscalls.csv --version 252 > data/groups.csv

Members that no ABI of data/syscalls.csv has (calls of MIPS, Alpha and so on) are left out and named in a comment.
Members that are groups stay groups; tools/gen-tables.py flattens them.
"""
import argparse
import csv
import re
import sys


def parse(text):
    """[(group, help, [members])] from the output of systemd-analyze syscall-filter."""
    groups = []
    for line in text.splitlines():
        if line.startswith("@"):
            groups.append((line.strip(), "", []))
        elif groups and (match := re.fullmatch(r"\s+# (.*)", line)):
            name, _, members = groups[-1]
            groups[-1] = (name, match[1], members)
        elif groups and re.fullmatch(r"\s+@?\w[\w-]*", line):
            groups[-1][2].append(line.strip())
    return groups


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--syscalls", required=True)
    parser.add_argument("--version", required=True, help="of systemd, for the provenance line")
    options = parser.parse_args()

    with open(options.syscalls, encoding="utf-8") as file:
        known = {row["name"] for row in csv.DictReader(line for line in file if not line.startswith("#"))}
    groups = parse(sys.stdin.read())
    missing = sorted({m for _, _, members in groups for m in members if not m.startswith("@")} - known)
    print("# SPDX-License-Identifier: Apache-2.0")
    print(f"# systemd's groups of system calls: `systemd-analyze syscall-filter` of systemd {options.version}. Members are separated by blanks.")
    print(f"# Left out, since no ABI here has them: {' '.join(missing)}")
    print("# Written by tools/gen-groups.py.")
    print("group,help,members")
    writer = csv.writer(sys.stdout, lineterminator="\n")
    for name, text, members in sorted(groups):
        writer.writerow([name, text, " ".join(sorted(m for m in members if m not in missing))])


if __name__ == "__main__":
    main()
