#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn data/{equivalents,fallbacks,hazards}.csv into the C file behind lib/check/tables.h. Run by Meson.

    tools/gen-check.py --output check-tables.c data/

What the files say of names and ABIs is checked against data/syscalls.csv and data/abis.csv; the first fault is reported as FILE:LINE
and nothing is written.
"""
import argparse
import csv
import importlib.util
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SEVERITIES = ("note", "warning", "error")


def tables_module():
    """gen-tables.py knows how these files are written; its name is no module name."""
    spec = importlib.util.spec_from_file_location("gen_tables", os.path.join(HERE, "gen-tables.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


gen = tables_module()


def first_column(folder, name):
    with open(os.path.join(folder, name), encoding="ascii") as file:
        return [line.split(",")[0] for line in file if not line.startswith("#")][1:]


class Facts:
    """The three files, checked."""

    def __init__(self, folder):
        self.abis = first_column(folder, "abis.csv")
        self.names = set(first_column(folder, "syscalls.csv"))
        self.equivalents = self.rows(folder, "equivalents.csv", ["name", "by"], lambda r: r["name"])
        self.fallbacks = self.rows(folder, "fallbacks.csv", ["name", "glibc", "older", "abis", "severity", "who"], lambda r: r["name"])
        self.hazards = self.rows(folder, "hazards.csv", ["name", "condition", "class", "severity", "gain"],
                                 lambda r: (r["name"], r["condition"]))

    def rows(self, folder, name, columns, key):
        rows = gen.read(folder, name, columns)
        gen.check_order(rows, key)
        for row in rows:
            for call in [row["name"], *row.get("by", "").split(), *row.get("older", "").split()]:
                if call not in self.names:
                    row.fault(f"no system call {call}")
            if "by" in row and (row["name"] in row["by"].split() or not row["by"]):
                row.fault("needs another call")
            self.check(row)
        return rows

    def check(self, row):
        for abi in row.get("abis", "").split():
            if abi not in self.abis:
                row.fault(f"no ABI {abi}")
        if "severity" in row:
            if row["severity"] not in SEVERITIES:
                row.fault(f"severity is '{row['severity']}'")
        if "condition" in row:
            row.match("condition", r"([a-z_0-9]+ (&|==) [A-Z0-9_|]+)?")
            row.match("class", r"[a-z-]+")


def condition(row):
    """Argument, whether flags are tested, and the constants' names."""
    found = re.fullmatch(r"([a-z_0-9]+) (&|==) ([A-Z0-9_|]+)", row["condition"])
    if not found:
        return "NULL, NULL, false"
    return f'"{found.group(1)}", "{found.group(3)}", {"true" if found.group(2) == "&" else "false"}'


def content(facts):
    bits = {abi: 1 << i for i, abi in enumerate(facts.abis)}
    everywhere = sum(bits.values())
    yield "/* Written by tools/gen-check.py from data/. Do not edit. */"
    yield '#include "check/tables.h"'
    yield ""
    yield "const struct check_equivalent check_equivalents[] = {"
    yield from (f'\t{{"{row["name"]}", "{row["by"]}"}},' for row in facts.equivalents)
    yield "};"
    yield f"const unsigned check_equivalents_count = {len(facts.equivalents)};"
    yield "const struct check_fallback check_fallbacks[] = {"
    for row in facts.fallbacks:
        abis = sum(bits[abi] for abi in row["abis"].split()) or everywhere
        yield (f'\t{{"{row["name"]}", "{row["glibc"]}", "{row["older"]}", {abis:#x},'
               f' CALLGATE_SEVERITY_{row["severity"].upper()}, "{row["who"]}"}},')
    yield "};"
    yield f"const unsigned check_fallbacks_count = {len(facts.fallbacks)};"
    yield "const struct check_hazard check_hazards[] = {"
    for row in facts.hazards:
        yield (f'\t{{"{row["name"]}", {condition(row)}, "{row["class"]}", CALLGATE_SEVERITY_{row["severity"].upper()},'
               f' {gen.text(row["gain"])}}},')
    yield "};"
    yield f"const unsigned check_hazards_count = {len(facts.hazards)};"
    yield ""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", help="without it, only check")
    parser.add_argument("data")
    options = parser.parse_args()
    try:
        text = "\n".join(content(Facts(options.data)))
        if options.output:
            with open(options.output, "w", encoding="ascii") as file:
                file.write(text)
    except (gen.Fault, csv.Error) as fault:
        sys.exit(f"{fault}")


if __name__ == "__main__":
    main()
