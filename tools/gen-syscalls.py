#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write data/syscalls.csv: the number of every system call in every ABI.

    tools/gen-syscalls.py --man syscalls.2.gz HEADERS... > data/syscalls.csv

HEADERS are directories into which Debian packages were unpacked (dpkg -x), newest first:
linux-libc-dev of trixie or later (one package for every architecture), and for the names that newer kernels dropped
an older linux-libc-dev with its linux-libc-dev-*-cross companions. Each ABI's <asm/unistd.h> is preprocessed with
the macros that its compiler would define; the trees are merged, and two trees that disagree about a number
are an error: the kernel never renumbers.

--man is syscalls(2) of Debian's manpages-dev, for the column `since`. What that page does not list is in SINCE below.
--note adds a line of provenance.
"""
import argparse
import ast
import gzip
import operator
import os
import re
import subprocess
import sys

LP64 = ["__LP64__", "__SIZEOF_LONG__=8", "__SIZEOF_POINTER__=8", "__CHAR_BIT__=8"]

# ABI: Debian's triplet, and what its compiler defines that the headers look at.
ABIS = {
    "x86_64": ("x86_64-linux-gnu", ["__x86_64__", *LP64]),
    "x32": ("x86_64-linux-gnux32", ["__x86_64__", "__ILP32__"]),
    "i386": ("i386-linux-gnu", ["__i386__"]),
    "aarch64": ("aarch64-linux-gnu", ["__aarch64__", *LP64]),
    "arm": ("arm-linux-gnueabihf", ["__arm__", "__ARM_EABI__"]),
    "riscv64": ("riscv64-linux-gnu", ["__riscv", "__riscv_xlen=64", *LP64]),
    "ppc64le": ("powerpc64le-linux-gnu", ["__powerpc__", "__powerpc64__", *LP64]),
    "s390x": ("s390x-linux-gnu", ["__s390__", "__s390x__", *LP64]),
    "loongarch64": ("loongarch64-linux-gnu", ["__loongarch__", "__loongarch_grlen=64", "__loongarch64", *LP64]),
}

# Macros of unistd.h that look like system calls and are none.
NOT_CALLS = {"syscalls", "Linux", "SYSCALL_BASE", "SYSCALL_MASK", "OABI_SYSCALL_BASE", "arch_specific_syscall", "BASE"}
X32_BIT = 0x40000000

# First kernel versions that syscalls(2) does not give. From the kernel's history: the release whose tables
# have the number for the first time.
SINCE = {
    "_llseek": "1.2",
    "arc_gettls": "3.9",
    "arm_fadvise64_64": "2.6",
    "arm_sync_file_range": "2.6.22",
    "cachestat": "6.5",
    "fchmodat2": "6.6",
    "fchroot": "7.3",
    "file_getattr": "6.17",
    "file_setattr": "6.17",
    "futex_requeue": "6.7",
    "futex_wait": "6.7",
    "futex_waitv": "5.16",
    "futex_wake": "6.7",
    "get_tls": "4.15",
    "getxattrat": "6.13",
    "listmount": "6.8",
    "listns": "6.19",
    "listxattrat": "6.13",
    "lsm_get_self_attr": "6.8",
    "lsm_list_modules": "6.8",
    "lsm_set_self_attr": "6.8",
    "map_shadow_stack": "6.6",
    "memfd_secret": "5.14",
    "mount_setattr": "5.12",
    "mseal": "6.10",
    "open_tree_attr": "6.15",
    "process_mrelease": "5.15",
    "pread64": "2.2",
    "pwrite64": "2.2",
    "removexattrat": "6.13",
    "riscv_flush_icache": "4.15",
    "riscv_hwprobe": "6.4",
    "rseq_slice_yield": "7.0",
    "set_mempolicy_home_node": "5.17",
    "set_tls": "2.4",
    "setxattrat": "6.13",
    "statmount": "6.8",
    "timerfd": "2.6.22",
    "umount": "1.0",
    "uprobe": "6.18",
    "uretprobe": "6.11",
}

# Numbers that are reserved, or were, for what no release implements or all dropped before 2.6.
NEVER = {"afs_syscall", "break", "epoll_ctl_old", "epoll_wait_old", "ftime", "getpmsg", "gtty", "idle", "lock", "mpx",
         "multiplexer", "prof", "profil", "putpmsg", "security", "stty", "tuxcall", "ulimit", "vserver"}

OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.BitOr: operator.or_}


def value_of(text):
    """Value of a constant expression of numbers, + - | and parentheses."""
    def walk(node):
        if isinstance(node, ast.Constant) and isinstance(node.value, int):
            return node.value
        if isinstance(node, ast.BinOp) and type(node.op) in OPERATORS:
            return OPERATORS[type(node.op)](walk(node.left), walk(node.right))
        raise ValueError(text)
    return walk(ast.parse(text.strip(), mode="eval").body)


def include_paths(root, triplet):
    """Where a package put its headers: Debian's multiarch folders, or those of the cross packages."""
    for paths in ([f"usr/include/{triplet}", "usr/include"], [f"usr/{triplet}/include"]):
        paths = [os.path.join(root, p) for p in paths]
        if os.path.exists(os.path.join(paths[0], "asm/unistd.h")):
            return paths
    return None


def preprocess(arguments, text):
    return subprocess.run(["cc", "-E", "-P", "-nostdinc", "-undef", *arguments, "-"], input=text,
                          check=True, capture_output=True, text=True).stdout


def numbers(root, abi):
    """{name: number} of one ABI in one tree; empty when the tree does not have the ABI."""
    triplet, defines = ABIS[abi]
    paths = include_paths(root, triplet)
    if not paths:
        return {}
    arguments = [f"-D{d}" for d in defines] + [f"-I{p}" for p in paths]
    include = "#include <asm/unistd.h>\n"
    macros = preprocess(["-dM", *arguments], include)
    names = re.findall(r"^#define (__(?:ARM_)?NR_(\w+))\b", macros, re.M)
    names = [(macro, name) for macro, name in names if name not in NOT_CALLS]
    lines = preprocess(arguments, include + "".join(f'@{n} = {m}\n' for m, n in names))
    result = {}
    for line in lines.splitlines():
        if line.startswith("@"):
            name, _, expression = line[1:].partition("=")
            number = value_of(expression)
            if abi == "x32":
                number &= ~X32_BIT
            result[name.strip()] = number
    return result


def merge(roots, abi):
    merged, origin = {}, {}
    for root in roots:
        for name, number in numbers(root, abi).items():
            if merged.setdefault(name, number) != number:
                sys.exit(f"{abi}: {name} is {merged[name]} in {origin[name]} but {number} in {root}")
            origin.setdefault(name, root)
    if not merged:
        sys.exit(f"{abi}: no <asm/unistd.h> in any tree")
    return merged


def check_unique(abi, table):
    """One name a number, but for the aliases that data/aliases.csv explains."""
    seen = {}
    for name, number in sorted(table.items()):
        other = seen.setdefault(number, name)
        if other != name and (abi, other, name) not in ALIASES:
            sys.exit(f"{abi}: {number} has two names: {other} and {name}")


# arm's unistd.h calls one number by both names.
ALIASES = {("arm", "arm_sync_file_range", "sync_file_range2")}


def man_since(path):
    """{name: version} from the table of syscalls(2)."""
    with (gzip.open if path.endswith(".gz") else open)(path, "rt", encoding="utf-8") as file:
        text = file.read()
    text = text[text.index("System call\tKernel"):]
    text = re.sub(r'^\.\\".*\n', "", text, flags=re.M)
    text = re.sub(r"T\{\n(.*?)\nT\}", lambda m: " ".join(m[1].split("\n")), text, flags=re.S)
    result = {}
    for line in text.splitlines():
        fields = line.split("\t")
        name = re.sub(r"\\f\[?\w*\]?|\.BR|\\f.|\(2\)", "", fields[0]).strip()
        if len(fields) < 2 or not re.fullmatch(r"\w+", name):
            continue
        version = re.match(r"\d+(\.\d+)+", fields[1].strip())
        result[name] = version[0] if version else ""
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--man", required=True)
    parser.add_argument("--note", action="append", default=[])
    parser.add_argument("roots", nargs="+")
    options = parser.parse_args()

    tables = {abi: merge(options.roots, abi) for abi in ABIS}
    for abi, table in tables.items():
        check_unique(abi, table)
    since = man_since(options.man) | SINCE
    # The 32-bit ABIs' calls with 64-bit times came all at once; the page knows them without the suffix.
    since |= {name: "5.1" for table in tables.values() for name, number in table.items()
              if re.search(r"time64$|[a-z]64$", name) and 403 <= number <= 423}
    names = sorted(set().union(*tables.values()))
    print("# SPDX-License-Identifier: Apache-2.0")
    print("# System call numbers of every ABI as the kernel's tables have them; x32 without bit 30.")
    for note in options.note:
        print(f"# {note}")
    print("# Written by tools/gen-syscalls.py; correct the tool or its input, not this file.")
    print(",".join(["name", "since", *ABIS]))
    for name in names:
        if name not in since and name not in NEVER:
            print(f"gen-syscalls: no first version known of {name}", file=sys.stderr)
        print(",".join([name, since.get(name, ""), *(str(tables[abi].get(name, "")) for abi in ABIS)]))


if __name__ == "__main__":
    main()
