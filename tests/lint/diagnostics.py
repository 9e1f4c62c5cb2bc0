#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""callgate-diagnostics(7) lists every diagnostic id that the code can give, and no others."""
import json
import re
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import lib

ENTRY = re.compile(r"^\*([a-z][a-z0-9-]*)\*$", re.MULTILINE)
LITERAL = re.compile(r'"([a-z]+-[a-z0-9-]+)"|\[([a-z]+-[a-z0-9-]+)\]')
RULE = re.compile(r"^\*(lint-[a-z0-9-]+)\* \((?:note|warning|error)\)$", re.MULTILINE)
# Calls whose id has no hyphen, or words with one that are no ids.
PLAIN = {"output"}
NO_IDS = {"run-time", "systemd-service"}


def main():
    page = lib.SOURCE / "man/callgate-diagnostics.7.scd"
    listed = set(ENTRY.findall(page.read_text())) - PLAIN
    prefixes = {name.split("-")[0] for name in listed}
    given = {}
    for path in [*lib.SOURCE.glob("lib/**/*.c"), *lib.SOURCE.glob("lib/**/*.h"), *lib.SOURCE.glob("cli/*.c")]:
        for name in (a or b for a, b in LITERAL.findall(path.read_text())):
            if name.split("-")[0] in prefixes and name not in NO_IDS:
                given.setdefault(name, path.relative_to(lib.SOURCE))
    options = {option[2:] for verb in lib.verbs()[0].values() for option in verb}
    lib.check("diagnostics: every id is in the man page", [f"{given[n]}: {n}" for n in sorted(set(given) - listed - options)])
    lib.check("diagnostics: every id of the man page is given somewhere", sorted(listed - set(given)))
    rules = {rule["id"] for rule in json.loads(subprocess.run([lib.COMMAND, "check", "--list", "--json"], check=True, capture_output=True,
                                                              text=True).stdout)}
    told = set(RULE.findall((lib.SOURCE / "man/callgate-check.1.scd").read_text()))
    lib.check("diagnostics: every rule of check is in its man page", sorted(rules - told))
    lib.check("diagnostics: every rule of the man page is one of check's", sorted(told - rules))
    lib.finish()


if __name__ == "__main__":
    main()
