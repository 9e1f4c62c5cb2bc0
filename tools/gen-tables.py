#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turn data/*.csv into the C file behind lib/arch/arch-tables.h. Run by Meson.

    tools/gen-tables.py --native x86_64 --output arch-tables.c data/

Every file is checked on the way: columns, order, duplicates, numbers, references to other files. The first fault is
reported as FILE:LINE and nothing is written, so a table that builds is a table that is consistent.
"""
import argparse
import csv
import os
import re
import sys

KINDS = "int uint long ulong size fd mode id enum enum64 flags flags64 pointer offset".split()
SHARED = 512  # numbers below are one range; ARM's private ones and x32's own are above


class Fault(Exception):
    """A line of data that cannot be right."""


class Row(dict):
    """One line of a CSV file, knowing where it stands."""

    def __init__(self, where, values):
        super().__init__(values)
        self.where = where

    def fault(self, text):
        raise Fault(f"{self.where}: {text}")

    def number(self, column, most):
        text = self[column]
        if not re.fullmatch(r"0x[0-9a-f]+|0|[1-9][0-9]*", text):
            self.fault(f"{column} is '{text}', not a number")
        value = int(text, 0)
        if value > most:
            self.fault(f"{column} is {text}, above {most}")
        return value

    def match(self, column, pattern):
        if not re.fullmatch(pattern, self[column]):
            self.fault(f"{column} is '{self[column]}'")
        return self[column]


def read(folder, name, columns):
    """Rows of a file; comments are lines that start with #."""
    path = os.path.join(folder, name)
    with open(path, encoding="ascii") as file:
        lines = [(i, line) for i, line in enumerate(file, 1) if not line.startswith("#")]
    if not lines or lines[0][1].rstrip("\n") != ",".join(columns):
        raise Fault(f"{path}:{lines[0][0] if lines else 1}: the columns are not {','.join(columns)}")
    rows = []
    for number, line in lines[1:]:
        where = f"{path}:{number}"
        fields = next(csv.reader([line], strict=True))
        if len(fields) != len(columns):
            raise Fault(f"{where}: {len(fields)} fields, not {len(columns)}")
        rows.append(Row(where, zip(columns, fields)))
    return rows


def check_order(rows, key):
    for before, row in zip(rows, rows[1:]):
        if key(row) == key(before):
            row.fault("twice")
        if key(row) < key(before):
            row.fault("not in order")


def text(value):
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"' if value else "NULL"


class Tables:
    """All data, checked."""

    def __init__(self, folder):
        self.folder = folder
        self.read_abis()
        self.read_syscalls()
        self.read_constants()
        self.read_arguments()
        self.errnos = self.read_values("errno.csv", ["name", "value", "alias"], r"E[A-Z0-9]+", 4095)
        self.caps = self.read_values("capabilities.csv", ["name", "value"], r"CAP_[A-Z_]+", 63)
        self.read_groups()
        self.read_multiplexed()
        self.read_translations()

    def read_abis(self):
        rows = read(self.folder, "abis.csv", ["name", "oci", "goarch", "audit_arch", "nr_base", "word_bits", "endian", "aliases"])
        self.abis, self.abi_names = rows, {}
        for index, row in enumerate(rows):
            row.match("name", r"[a-z0-9_]+")
            row.match("oci", r"SCMP_ARCH_[A-Z0-9_]+")
            row.match("word_bits", "32|64")
            row.match("endian", "little|big")
            row.number("audit_arch", 0xffffffff)
            row.number("nr_base", 0x40000000)
            for name in {row["name"], row["oci"], row["goarch"], *row["aliases"].split()} - {""}:
                if name in self.abi_names:
                    row.fault(f"{name} is a name of another ABI")
                self.abi_names[name] = index
        self.abi_index = {row["name"]: i for i, row in enumerate(rows)}

    def read_syscalls(self):
        names = list(self.abi_index)
        rows = read(self.folder, "syscalls.csv", ["name", "since", *names])
        check_order(rows, lambda row: row["name"])
        self.syscalls, self.by_nr = rows, [{} for _ in names]
        self.ids = {row["name"]: i for i, row in enumerate(rows)}
        aliases = {}
        for row in read(self.folder, "aliases.csv", ["abi", "name", "canonical"]):
            if row["abi"] not in self.abi_index or row["name"] not in self.ids or row["canonical"] not in self.ids:
                row.fault("no such ABI or system call")
            aliases[self.abi_index[row["abi"]], row["name"]] = row["canonical"]
        for row in rows:
            row.match("name", r"[a-z_][a-z0-9_]*")
            row.match("since", r"(\d+\.\d+(\.\d+)*)?")
            if not any(row[abi] for abi in names):
                row.fault("no ABI has it")
            for index, abi in enumerate(names):
                if row[abi] and (index, row["name"]) not in aliases:
                    self.add_number(index, row, row.number(abi, 0xfffff))
        for (index, name), canonical in aliases.items():
            if rows[self.ids[name]][names[index]] != rows[self.ids[canonical]][names[index]]:
                rows[self.ids[name]].fault(f"is an alias of {canonical} with another number")

    def read_multiplexed(self):
        rows = read(self.folder, "multiplexed.csv", ["name", "via", "number", "mask"])
        check_order(rows, lambda row: row["name"])
        self.multiplexed = []
        for row in rows:
            if row["name"] not in self.ids or row["via"] not in self.ids:
                row.fault("no such system call")
            self.multiplexed.append((self.ids[row["name"]], self.ids[row["via"]], row.number("number", 255), row.number("mask", 0xffffffff)))

    def read_translations(self):
        rows = read(self.folder, "translations.csv", ["name", "to", "args"])
        check_order(rows, lambda row: (row["name"], row["to"]))
        self.translations = []
        for row in rows:
            if row["name"] not in self.ids or row["to"] not in self.ids:
                row.fault("no such system call")
            args = [self.translated(row, word) for word in row["args"].split()]
            if len(args) > 6:
                row.fault("more than 6 arguments")
            self.translations.append((self.ids[row["name"]], self.ids[row["to"]], args))

    @staticmethod
    def translated(row, word):
        """(index of the argument it comes from or -1, mask, value)"""
        if re.fullmatch(r"[0-5]", word):
            return int(word), 0, 0
        if word == "-":
            return -1, 0, 0
        if re.fullmatch(r"=(-?[1-9][0-9]*|0|0x[0-9a-f]+)", word):
            return -1, 2**64 - 1, int(word[1:], 0) % 2**64
        if re.fullmatch(r"0x[0-9a-f]+:(0|0x[0-9a-f]+)", word):
            mask, value = (int(part, 0) for part in word.split(":"))
            return -1, mask, value
        row.fault(f"'{word}' is no argument")

    def add_number(self, index, row, number):
        other = self.by_nr[index].setdefault(number, row["name"])
        if other != row["name"]:
            row.fault(f"{number} is {other} in {self.abis[index]['name']}")

    def read_constants(self):
        rows = read(self.folder, "constants.csv", ["family", "name", "value", "abi", "alias"])
        for row in rows:
            row.match("family", r"[a-z0-9_]+")
            row.match("name", r"[A-Za-z_][A-Za-z0-9_]*")
            row.match("alias", r"(alias)?")
            row["value"] = row.number("value", 2**64 - 1)
            if row["abi"] and row["abi"] not in self.abi_index:
                row.fault(f"no ABI {row['abi']}")
        check_order(rows, lambda row: (row["family"], row["value"], row["alias"], row["name"], row["abi"]))
        own = {}
        for row in rows:
            key = (row["family"], row["name"], row["abi"])
            if key in own:
                row.fault(f"{row['name']} has two values in one ABI")
            own[key] = row
        self.constants = self.merged_constants(rows, own)
        self.families = sorted({row["family"] for row in rows})

    def merged_constants(self, rows, own):
        """One entry for a name and value, with the bits of the ABIs where that is so."""
        entries = {}
        for row in rows:
            family, name, abi = row["family"], row["name"], row["abi"]
            bits = 1 << self.abi_index[abi] if abi else sum(
                1 << i for a, i in self.abi_index.items() if (family, name, a) not in own)
            key = (family, name, row["value"])
            entries[key] = entries.get(key, 0) | bits
        return [(family, name, value, bits) for (family, name, value), bits in entries.items() if bits]

    def read_arguments(self):
        columns = ["syscall", "index", "name", "kind", "family", "learn"]
        rows = read(self.folder, "arguments.csv", columns)
        check_order(rows, lambda row: (row["syscall"], row["index"]))
        self.args = [[] for _ in self.syscalls]
        for row in rows:
            self.add_argument(self.args[self.syscall_of(row)], row)
        rows = read(self.folder, "arguments-abi.csv", ["abi", *columns])
        check_order(rows, lambda row: (row["abi"], row["syscall"], row["index"]))
        self.exceptions = {}
        for row in rows:
            if row["abi"] not in self.abi_index:
                row.fault(f"no ABI {row['abi']}")
            key = (self.abi_index[row["abi"]], self.syscall_of(row))
            if not self.syscalls[key[1]][row["abi"]]:
                row.fault(f"{row['abi']} has no {row['syscall']}")
            found = self.exceptions.setdefault(key, [])
            if row["index"]:
                self.add_argument(found, row)

    def syscall_of(self, row):
        if row["syscall"] not in self.ids:
            row.fault(f"no system call {row['syscall']}")
        return self.ids[row["syscall"]]

    def add_argument(self, found, row):
        if row.number("index", 5) != len(found):
            row.fault(f"index is {row['index']}, not {len(found)}")
        row.match("name", r"[a-z_][a-z0-9_]*")
        if row["kind"] not in KINDS:
            row.fault(f"kind is '{row['kind']}'")
        if row["family"] and row["family"] not in self.families:
            row.fault(f"no family {row['family']}")
        row.match("learn", r"none|keep|set|set:0x[0-9a-f]+|mask")
        if row["kind"] == "pointer" and row["learn"] != "none":
            row.fault("a pointer cannot be learned")
        found.append(row)

    def read_values(self, name, columns, pattern, most):
        rows = read(self.folder, name, columns)
        check_order(rows, lambda row: (row.number("value", most), row.get("alias", ""), row["name"]))
        for row in rows:
            row.match("name", pattern)
        if len({row["name"] for row in rows}) != len(rows):
            rows[0].fault("a name stands twice in this file")
        return [(row["name"], int(row["value"])) for row in rows]

    def read_groups(self):
        rows = read(self.folder, "groups.csv", ["group", "help", "members"])
        check_order(rows, lambda row: row["group"])
        self.groups = []
        names = {row["group"]: row for row in rows}
        for row in rows:
            row.match("group", r"@[a-z0-9-]+")
            ids = sorted({self.ids[name] for name in self.flat(row, names, [])})
            if not ids:
                row.fault("empty")
            self.groups.append((row["group"], row["help"], ids))

    def flat(self, row, names, above):
        """Members of a group, those of its groups too."""
        if row["group"] in above:
            row.fault("contains itself")
        members = row["members"].split()
        if members != sorted(set(members)):
            row.fault("members are not in order")
        for member in members:
            if member in names:
                yield from self.flat(names[member], names, [*above, row["group"]])
            elif member in self.ids:
                yield member
            else:
                row.fault(f"{member} is no system call and no group")


class Writer:
    """The C file."""

    def __init__(self, tables, native):
        self.t = tables
        self.native = native
        self.lines = ["/* Written by tools/gen-tables.py from data/. Do not edit. */", '#include "arch/arch-tables.h"', ""]

    def array(self, head, items, count=None):
        self.lines.append(f"{head} = {{")
        self.lines += [f"\t{item}," for item in items]
        self.lines += ["};"]
        if count:
            self.lines.append(f"const unsigned {count} = {len(items)};")
        self.lines.append("")

    def write(self):
        self.abis()
        self.syscalls()
        self.arguments()
        self.constants()
        for name, rows in (("errno", self.t.errnos), ("cap", self.t.caps)):
            cells = [f"{{{text(n)}, {v}}}" for n, v in sorted(rows)]
            self.array(f"const struct arch_name_value arch_{name}_by_name[]", cells, f"arch_{name}s_count")
            self.array(f"const struct arch_name_value arch_{name}_by_value[]", [f"{{{text(n)}, {v}}}" for n, v in rows])
        self.groups()
        self.multiplexed()
        self.translations()
        return "\n".join(self.lines)

    def abis(self):
        cells = []
        for index, row in enumerate(self.t.abis):
            newest = max(n for n in self.t.by_nr[index] if n < SHARED)
            cells.append(f"{{{text(row['name'])}, {text(row['oci'])}, {text(row['goarch'])}, {row['audit_arch']}u, {row['nr_base']}u, "
                         f"{newest}, {row['word_bits']}, {'true' if row['endian'] == 'big' else 'false'}}}")
        self.array("const struct arch_abi arch_abis[CALLGATE_ABI_COUNT]", cells)
        self.lines += [f"_Static_assert(CALLGATE_ABI_{row['name'].upper()} == {i}, \"order of data/abis.csv\");"
                       for i, row in enumerate(self.t.abis)]
        self.lines += [f"_Static_assert(CALLGATE_ABI_COUNT == {len(cells)}, \"rows of data/abis.csv\");",
                       f"const enum callgate_abi arch_native_abi = CALLGATE_ABI_{self.native.upper()};", ""]
        names = [f"{{{text(name)}, {index}}}" for name, index in sorted(self.t.abi_names.items())]
        self.array("const struct arch_name_value arch_abi_names[]", names, "arch_abi_names_count")

    def syscalls(self):
        cells, first = [], 0
        for row, args in zip(self.t.syscalls, self.t.args):
            numbers = ", ".join(row[abi] or "-1" for abi in self.t.abi_index)
            cells.append(f"{{{text(row['name'])}, \"{row['since']}\", {{{numbers}}}, {first}, {len(args)}}}")
            first += len(args)
        self.array("const struct arch_syscall_row arch_syscalls[]", cells, "arch_syscalls_count")
        for index, by_nr in enumerate(self.t.by_nr):
            self.array(f"static const struct arch_nr_row nrs_{index}[]", [f"{{{nr}, {self.t.ids[name]}}}" for nr, name in sorted(by_nr.items())])
        self.array("const struct arch_nr_table arch_nrs[CALLGATE_ABI_COUNT]",
                   [f"{{nrs_{i}, {len(by_nr)}}}" for i, by_nr in enumerate(self.t.by_nr)])

    def arguments(self):
        rows = [row for args in self.t.args for row in args]
        exceptions = []
        for (abi, call), args in sorted(self.t.exceptions.items()):
            exceptions.append(f"{{{abi}, {len(args)}, {call}, {len(rows)}}}")
            rows += args
        cells = []
        for row in rows:
            learn, _, mask = row["learn"].partition(":")
            cells.append(f"{{{text(row['name'])}, ARCH_KIND_{row['kind'].upper()}, {text(row['family'])}, ARCH_LEARN_{learn.upper()}, "
                         f"{mask or '0xffffffffffffffff'}ull}}")
        self.array("const struct arch_arg arch_args[]", cells)
        self.array("const struct arch_exception arch_exceptions[]", exceptions, "arch_exceptions_count")

    def constants(self):
        constants, families = self.t.constants, []
        for name in self.t.families:
            own = [i for i, c in enumerate(constants) if c[0] == name]
            families.append(f"{{{text(name)}, {own[0]}, {len(own)}, {len({constants[i][1] for i in own})}}}")
        index = {name: i for i, name in enumerate(self.t.families)}
        self.array("const struct arch_family arch_families[]", families, "arch_families_count")
        self.array("const struct arch_constant arch_constants[]",
                   [f"{{{text(name)}, {value}ull, {index[family]}, {bits:#x}}}" for family, name, value, bits in constants],
                   "arch_constants_count")
        by_name = sorted(range(len(constants)), key=lambda i: (constants[i][1], i))
        self.array("const uint16_t arch_constants_by_name[]", [str(i) for i in by_name])

    def multiplexed(self):
        self.array("const struct arch_multiplexed arch_multiplexed_rows[]",
                   [f"{{{name}, {via}, {number}, {mask:#x}}}" for name, via, number, mask in self.t.multiplexed], "arch_multiplexed_count")

    def translations(self):
        cells = []
        for name, to, args in self.t.translations:
            parts = ", ".join(f"{{{source}, {mask:#x}ull, {value:#x}ull}}" for source, mask, value in args)
            cells.append(f"{{{name}, {to}, {len(args)}, {{{parts}}}}}")
        self.array("const struct arch_translation arch_translation_rows[]", cells, "arch_translations_count")

    def groups(self):
        for i, (_, _, ids) in enumerate(self.t.groups):
            self.array(f"static const uint16_t group_{i}[]", [", ".join(map(str, ids[j:j + 16])) for j in range(0, len(ids), 16)])
        self.array("const struct arch_group arch_groups[]",
                   [f"{{{text(name)}, {text(about)}, group_{i}, {len(ids)}}}" for i, (name, about, ids) in enumerate(self.t.groups)],
                   "arch_groups_count")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--native", help="ABI the program is built for")
    parser.add_argument("--output", help="without it, only check")
    parser.add_argument("data")
    options = parser.parse_args()
    try:
        tables = Tables(options.data)
        if options.output:
            if options.native not in tables.abi_index:
                raise Fault(f"this machine's ABI, {options.native}, is none that data/abis.csv has")
            content = Writer(tables, options.native).write()
            with open(options.output, "w", encoding="ascii") as file:
                file.write(content)
    except (Fault, csv.Error) as fault:
        sys.exit(f"{fault}")


if __name__ == "__main__":
    main()
