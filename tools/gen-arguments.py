#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write data/arguments.csv and data/arguments-abi.csv: what the kernel reads of every argument.

    tools/gen-arguments.py --syscalls data/syscalls.csv --overlay data/arguments-overlay.csv \\
        --output data/arguments.csv --output-abi data/arguments-abi.csv KERNEL...

KERNEL are unpacked kernel sources (Debian's linux-source packages), newest first; an older one serves for calls that the newer
one has dropped. For every ABI the kernel's own table names the entry point of each call, and the SYSCALL_DEFINE of that
entry point has the C types. So the width of an argument is never an opinion: a filter that compares 32 bits where
the kernel reads 64 can be passed by.

arguments.csv has one row an argument, from the first ABI of ORDER that has the call; arguments-abi.csv has all rows of a call
again for each ABI whose entry point reads other widths, another number of arguments, or the same ones in another
order (clone on s390x, mmap on s390x and i386, the compat entry points of x32).

The overlay, written by hand, adds meaning: `syscall,index,name,kind,family,learn`. It may rename an argument to what the
manual page calls it and refine a kind (int to enum) but never change its width; that is an error.
"""
import argparse
import csv
import os
import re
import sys

# ABI: its architecture's folder, kernel tables with the `abi` columns that count, and whether compat entry points are used.
X86 = "arch/x86/entry/syscalls/"
GENERIC = "scripts/syscall.tbl"
ORDER = {
    "x86_64": ("x86", [(X86 + "syscall_64.tbl", "common 64")], False),
    "aarch64": ("arm64", [("arch/arm64/tools/syscall_64.tbl", "common 64 renameat rlimit memfd_secret")], False),
    "riscv64": ("riscv", [(GENERIC, "common 64 riscv rlimit memfd_secret")], False),
    "ppc64le": ("powerpc", [("arch/powerpc/kernel/syscalls/syscall.tbl", "common 64 nospu")], False),
    "s390x": ("s390", [("arch/s390/kernel/syscalls/syscall.tbl", "common 64")], False),
    "loongarch64": ("loongarch", [(GENERIC, "common 64 memfd_secret")], False),
    "x32": ("x86", [(X86 + "syscall_64.tbl", "common x32")], False),
    "i386": ("x86", [(X86 + "syscall_32.tbl", "i386")], True),
    "arm": ("arm64", [("arch/arm64/tools/syscall_32.tbl", "common"),
                      ("arch/arm/tools/syscall.tbl", "common eabi")], True),
}
WORD32 = {"i386", "arm"}

# clone(2) is written once for each order of its arguments (kernel/fork.c). Key: order of definition there.
CLONE_ORDER = {"CLONE_BACKWARDS": 0, "CLONE_BACKWARDS2": 1, "CLONE_BACKWARDS3": 2, "": 3}
CLONE = {"x86_64": "", "x32": "", "i386": "CLONE_BACKWARDS", "aarch64": "CLONE_BACKWARDS", "arm": "CLONE_BACKWARDS",
         "riscv64": "CLONE_BACKWARDS", "ppc64le": "CLONE_BACKWARDS", "s390x": "CLONE_BACKWARDS2", "loongarch64": ""}

# C type to kind. Anything with a `*` is a pointer; a type that is in no list is an error.
KINDS = {
    "int": "int", "unsigned": "uint", "unsigned int": "uint", "uint": "uint", "u32": "uint", "__u32": "uint", "uint32_t": "uint",
    "__s32": "int", "s32": "int", "int32_t": "int", "long": "long", "unsigned long": "ulong", "ulong": "ulong", "size_t": "size",
    "umode_t": "mode", "mode_t": "mode", "compat_mode_t": "mode",
    "pid_t": "id", "uid_t": "id", "gid_t": "id", "qid_t": "id", "key_serial_t": "id", "old_uid_t": "id", "old_gid_t": "id",
    "compat_pid_t": "id", "timer_t": "id", "key_t": "id", "compat_timer_t": "id",
    "mqd_t": "fd", "clockid_t": "int", "const clockid_t": "int", "rwf_t": "int", "old_time32_t": "int",
    "off_t": "long", "loff_t": "offset", "compat_loff_t": "offset", "u64": "ulong", "__u64": "ulong", "unsigned long long": "ulong",
    "aio_context_t": "ulong", "uintptr_t": "ulong", "addr_t": "ulong", "old_sigset_t": "ulong", "compat_old_sigset_t": "uint",
    "compat_ulong_t": "uint", "compat_long_t": "int", "compat_size_t": "uint", "compat_uptr_t": "uint", "compat_off_t": "int",
    "compat_aio_context_t": "uint", "compat_uint_t": "uint", "compat_int_t": "int", "const enum landlock_rule_type": "enum",
    "const __u32": "uint", "const int": "int", "const size_t": "size", "const unsigned int": "uint", "compat_ssize_t": "int",
    "const unsigned long": "ulong", "const u32": "uint", "unsigned char": "uint", "bool": "uint",
    "__sighandler_t": "pointer", "cap_user_header_t": "pointer", "cap_user_data_t": "pointer", "const cap_user_data_t": "pointer",
    "compat_sigset_t": "ulong", "enum kcmp_type": "enum", "compat_u64": "ulong", "__kernel_timer_t": "id",
}
WIDE = {"long", "ulong", "size", "enum64", "flags64", "pointer", "offset"}
NARROW = {"int", "uint", "fd", "mode", "id", "enum", "flags"}
REFINED = {"enum": "enum64", "flags": "flags64"}
LEARN = re.compile(r"none|keep|set|set:0x[0-9a-f]+|mask")

# Parameters that are file descriptors although their type is only int.
FD = re.compile(r"\w*fd(_in|_out|in|out)?|fildes")


def read_text(path):
    with open(path, encoding="utf-8", errors="replace") as file:
        return file.read()


def without_comments(text):
    return re.sub(r"/\*.*?\*/|//[^\n]*", " ", text, flags=re.S)


def closing(text, start):
    """Index of the parenthesis that closes the one at `start`."""
    depth = 0
    for i in range(start, len(text)):
        depth += {"(": 1, ")": -1}.get(text[i], 0)
        if depth == 0:
            return i
    raise ValueError("unbalanced parenthesis")


def split_top(text):
    """Split at commas outside parentheses."""
    parts, depth, last = [], 0, 0
    for i, char in enumerate(text):
        depth += {"(": 1, ")": -1}.get(char, 0)
        if char == "," and depth == 0:
            parts.append(text[last:i])
            last = i + 1
    return [" ".join(part.split()) for part in parts + [text[last:]] if part.strip()]


def parameters(words):
    """[(C type, name)] from the tail of a SYSCALL_DEFINE; 64-bit values of 32-bit ABIs come as two words."""
    result, i = [], 0
    while i < len(words):
        pair = re.fullmatch(r"(?:compat_arg_u64_dual|arg_u32p|SC_ARG64|arg_u64p)\((\w+)\)", words[i])
        if pair:
            result += [("u32", pair[1] + "_lo"), ("u32", pair[1] + "_hi")]
            i += 1
        else:
            result.append((words[i], words[i + 1]))
            i += 2
    return result


def prototypes(text):
    """{entry point: parameters} from the prototypes of include/linux/syscalls.h; for what no macro defines."""
    result = {}
    for match in re.finditer(r"asmlinkage long (sys_\w+)\(", text):
        body = text[match.end():closing(text, match.end() - 1)]
        rows = []
        for i, part in enumerate(split_top(body)):
            if part in ("void", "..."):
                continue
            named = re.fullmatch(r"(.*[\s*])(\w+)", part)
            ctype, name = (named[1], named[2]) if named and named[2] not in KINDS else (part, f"arg{i}")
            rows.append((ctype.strip(), name))
        result[match[1]] = rows
    return result


class Kernel:
    """What one source tree says of entry points."""

    MACRO = re.compile(r"^[ \t]*(COMPAT_SYSCALL|SYSCALL32|SYSCALL)_DEFINE([0-6])\(", re.M)

    def __init__(self, root):
        self.root = root
        self.found = {}  # entry point: [(architecture or "", parameters)]
        for folder, folders, files in os.walk(root):
            if folder == root:
                folders[:] = sorted(set(folders) - {"tools", "Documentation", "samples", "scripts", "drivers", "sound"})
            folders.sort()
            for name in sorted(files):
                if name.endswith(".c"):
                    self.scan(os.path.join(folder, name))
        header = without_comments(read_text(os.path.join(root, "include/linux/syscalls.h")))
        self.prototypes = prototypes(header)

    def scan(self, path):
        text = read_text(path)
        if "SYSCALL" not in text:
            return
        text = without_comments(text)
        relative = os.path.relpath(path, self.root).split(os.sep)
        arch = relative[1] if relative[0] == "arch" else ""
        for match in self.MACRO.finditer(text):
            words = split_top(text[match.end():closing(text, match.end() - 1)])
            if len(words) == 1 and match[2] != "0" and "##" in text[match.end():match.end() + 40]:
                continue
            rows = parameters(words[1:])
            if len(rows) != int(match[2]):
                sys.exit(f"{path}: {words[0]}: {len(rows)} parameters, not {match[2]}")
            entry = ("sys_" if match[1] == "SYSCALL" else "compat_sys_") + words[0]
            self.found.setdefault(entry, []).append((arch, rows))

    def entry_parameters(self, entry, arch, abi):
        """Parameters of an entry point, or None."""
        found = self.found.get(entry, [])
        own = [rows for where, rows in found if where == arch] or [rows for where, rows in found if not where]
        if entry == "sys_clone" and len(own) == len(CLONE_ORDER):
            return own[CLONE_ORDER[CLONE[abi]]]
        if not own:
            return self.prototypes.get(entry)
        # Alternatives under #if: the longest, and of equally long ones the widest, so that a filter compares too much
        # rather than too little.
        def weight(rows):
            return len(rows), sum(width(kind_of(*row) or "long") for row in rows)
        if len(set(map(weight, own))) > 1 and not entry.startswith("compat_"):
            print(f"gen-arguments: {abi}: {entry} is defined in several ways", file=sys.stderr)
        return max(own, key=weight)

    def table(self, abi):
        """{name: [entry points to try]} of one ABI."""
        arch, tables, compat = ORDER[abi]
        result = {}
        for path, abis in tables:
            path = os.path.join(self.root, path)
            if not os.path.exists(path):
                continue
            for line in read_text(path).splitlines():
                fields = line.split()
                if len(fields) >= 4 and fields[0].isdigit() and fields[1] in abis.split():
                    entries = fields[3:5][::-1] if compat else fields[3:4]
                    entries = [e.split("/")[-1] for e in entries]
                    result.setdefault(fields[2], []).extend(entries)
        return result

    def check_clone(self):
        """CLONE above is what the architectures select."""
        for abi, (arch, _, _) in ORDER.items():
            if abi in ("x32", "i386", "arm"):
                continue
            text = read_text(os.path.join(self.root, f"arch/{arch}/Kconfig"))
            text = re.sub(r"^config X86_32$.*?^config ", "", text, flags=re.M | re.S)
            match = re.search(r"^\s*select (CLONE_BACKWARDS\d?)\s*$", text, re.M)
            selected = match[1] if match else ""
            if selected != CLONE[abi]:
                sys.exit(f"{abi}: the kernel selects '{selected}' for clone, the tool thinks '{CLONE[abi]}'")


def kind_of(ctype, name):
    ctype = re.sub(r"\b(__user|__force|__kernel|volatile)\b", "", ctype)
    ctype = " ".join(ctype.split())
    if "*" in ctype or "[" in ctype:
        return "pointer"
    if ctype not in KINDS:
        return None
    kind = KINDS[ctype]
    if kind in ("int", "uint") and FD.fullmatch(name.lstrip("_")):
        return "fd"
    return kind


def rows_of(kernels, abi, name, entries):
    """[(name, kind)] of a call in one ABI, or None when no tree knows it."""
    for kernel in kernels:
        for entry in entries[kernel].get(name) or [f"sys_{name}"]:
            if entry == "sys_ni_syscall":
                continue
            parameters_found = kernel.entry_parameters(entry, ORDER[abi][0], abi)
            if parameters_found is None:
                continue
            rows = []
            for ctype, parameter in parameters_found:
                kind = kind_of(ctype, parameter)
                if not kind:
                    sys.exit(f"{name}: unknown C type '{ctype}' of '{parameter}' ({entry})")
                rows.append((parameter.lstrip("_"), kind))
            return rows
    return None


def width(kind):
    return 64 if kind in WIDE else 32


def differs(abi, general, rows):
    """Does an ABI need rows of its own?"""
    if len(general) != len(rows):
        return True
    names, own = [n for n, _ in general], [n for n, _ in rows]
    if names != own and sorted(names) == sorted(own):
        return True
    if abi in WORD32:
        return [k == "pointer" for _, k in general] != [k == "pointer" for _, k in rows]
    return [width(k) for _, k in general] != [width(k) for _, k in rows]


def read_csv(path):
    with open(path, encoding="utf-8") as file:
        lines = [(i, line) for i, line in enumerate(file, 1) if not line.startswith("#")]
    rows = csv.DictReader([line for _, line in lines])
    return [(f"{path}:{i}", row) for (i, _), row in zip(lines[1:], rows)]


def read_overlay(path, general):
    """{(syscall, index): (name, kind, family, learn)}; refuses what does not fit."""
    overlay, last = {}, None
    for where, row in read_csv(path):
        key = (row["syscall"], int(row["index"]))
        if last and key <= last:
            sys.exit(f"{where}: not sorted, or twice")
        last = key
        if key[0] not in general or key[1] >= len(general[key[0]]):
            sys.exit(f"{where}: {key[0]} has no argument {key[1]}")
        kind, found = row["kind"], general[key[0]][key[1]][1]
        if kind and kind not in WIDE | NARROW:
            sys.exit(f"{where}: unknown kind {kind}")
        if kind and width(kind) != width(found):
            sys.exit(f"{where}: {kind} is {width(kind)} bits wide, but the kernel reads {width(found)} ({found})")
        if not LEARN.fullmatch(row["learn"]):
            sys.exit(f"{where}: learn is '{row['learn']}'")
        if (kind or found) == "pointer" and row["learn"] != "none":
            sys.exit(f"{where}: pointers are never learned")
        overlay[key] = (row["name"], kind, row["family"], row["learn"])
    return overlay


def merged_rows(name, rows, general, overlay):
    """Rows with their overlay; an ABI's own rows find theirs by the argument's name."""
    lines = []
    for index, (argument, kind) in enumerate(rows):
        at = index if rows is general else next((i for i, (n, _) in enumerate(general) if n == argument), None)
        renamed, refined, family, learn = overlay.get((name, at), ("", "", "", "none"))
        if refined and width(refined) != width(kind):
            refined = REFINED.get(refined) or {v: k for k, v in REFINED.items()}.get(refined) or kind
        lines.append([name, str(index), renamed or argument, refined or kind, family, learn])
    return lines


HEAD = """# SPDX-License-Identifier: Apache-2.0
# {title}
# Sources: SYSCALL_DEFINE macros and system call tables of {source}; family and learn from arguments-overlay.csv.
# {more}
# Written by tools/gen-arguments.py; correct the tool or the overlay, not this file.
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--syscalls", required=True)
    parser.add_argument("--overlay", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--output-abi", required=True)
    parser.add_argument("--source", required=True, help="what the trees are, for the provenance line")
    parser.add_argument("kernels", nargs="+")
    options = parser.parse_args()

    kernels = [Kernel(root) for root in options.kernels]
    kernels[0].check_clone()
    names = [(row["name"], [abi for abi in ORDER if row[abi]]) for _, row in read_csv(options.syscalls)]
    per_abi, general = {}, {}
    for abi in ORDER:
        entries = {kernel: kernel.table(abi) for kernel in kernels}
        for name, abis in names:
            if abi in abis:
                rows = rows_of(kernels, abi, name, entries)
                if rows is not None:
                    per_abi[abi, name] = rows
                    general.setdefault(name, rows)
    unknown = [name for name, _ in names if name not in general]
    print("gen-arguments: nothing is known of", " ".join(unknown), file=sys.stderr)

    overlay = read_overlay(options.overlay, general)
    with open(options.output, "w", encoding="utf-8") as file:
        file.write(HEAD.format(title="What the kernel reads of each argument, on 64-bit ABIs.", source=options.source,
                               more="No rows: a call without arguments, or one that no kernel at hand implements: " + " ".join(unknown)))
        file.write("syscall,index,name,kind,family,learn\n")
        for name in sorted(general):
            for line in merged_rows(name, general[name], general[name], overlay):
                file.write(",".join(line) + "\n")
    with open(options.output_abi, "w", encoding="utf-8") as file:
        file.write(HEAD.format(title="ABIs whose entry point of a call differs from arguments.csv: all rows of the call.", source=options.source,
                               more="A single row with an empty index: the call takes no arguments in that ABI."))
        file.write("abi,syscall,index,name,kind,family,learn\n")
        for (abi, name), rows in sorted(per_abi.items()):
            if rows is not general[name] and differs(abi, general[name], rows):
                for line in merged_rows(name, rows, general[name], overlay) or [[name, "", "", "", "", ""]]:
                    file.write(",".join([abi, *line]) + "\n")


if __name__ == "__main__":
    main()
