#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The facts in data/ are consistent, say where they come from, and agree with this machine's headers and with libseccomp.

    tests/lint/check-data.py [DATA]

Newer facts than the machine's are fine: only what both sides know is compared, and names that the machine knows and data/ does not.
"""
import csv
import ctypes
import os
import pathlib
import re
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent
counts = {"passed": 0, "failed": 0, "skipped": 0}

# Since 5.1 every ABI gets the same number for a new call. What an ABI has not: (name, ABIs that have it).
COMMON_FROM = 424
NOT_EVERYWHERE = {"memfd_secret": {"x86_64", "x32", "i386", "aarch64", "riscv64", "s390x", "loongarch64"}}

# Macros that this machine's compiler would define.
SYSTEM_ABIS = {"x86_64": [], "x32": ["-D__ILP32__", "-U__LP64__"], "i386": ["-D__i386__", "-U__x86_64__"]}

SECCOMP_ARCHES = {
    "x86_64": 0xc000003e, "x32": 0x4000003e, "i386": 0x40000003, "aarch64": 0xc00000b7, "arm": 0x40000028, "riscv64": 0xc00000f3,
    "ppc64le": 0xc0000015, "s390x": 0x80000016, "loongarch64": 0xc0000102,
}


def check(name, findings):
    findings = list(findings)
    counts["failed" if findings else "passed"] += 1
    print(f"not ok {name}: {len(findings)} findings" if findings else f"ok {name}")
    for finding in findings:
        print(f"    {finding}")


def skip(name, reason):
    counts["skipped"] += 1
    print(f"skip {name}: {reason}")


def read(path):
    return list(csv.DictReader(line for line in path.read_text().splitlines() if not line.startswith("#")))


def tables(data):
    """The generator's own checks: order, duplicates, numbers, references."""
    run = subprocess.run([sys.executable, SOURCE / "tools/gen-tables.py", data], capture_output=True, text=True)
    return run.stderr.splitlines() if run.returncode else []


def provenance(data):
    for path in sorted(data.glob("*.csv")):
        head = [line for line in path.read_text().splitlines() if line.startswith("#")]
        if not head or head[0] != "# SPDX-License-Identifier: Apache-2.0":
            yield f"{path.name}: no licence line"
        if not re.search(r"linux-|manpages|systemd|source", " ".join(head[1:])):
            yield f"{path.name}: does not say where its facts come from"


def common_range(calls, abis):
    """From 424 on, all ABIs have the same calls under the same numbers, without gaps, up to the same newest one."""
    table = {abi: {int(row[abi]): row["name"] for row in calls if row[abi] and COMMON_FROM <= int(row[abi]) < 512} for abi in abis}
    newest = max(max(numbers) for numbers in table.values())
    for number in range(COMMON_FROM, newest + 1):
        names = {numbers[number] for numbers in table.values() if number in numbers}
        if len(names) != 1:
            yield f"{number} is {' and '.join(sorted(names)) or 'missing'}"
            continue
        name = names.pop()
        for abi in abis:
            if abi in NOT_EVERYWHERE.get(name, abis) and number not in table[abi]:
                yield f"{abi}: {number}, {name}, is missing"


def generic_table(calls):
    """These three are numbered by one table of the kernel, scripts/syscall.tbl or its copy."""
    for row in calls:
        numbers = {row[abi] for abi in ("aarch64", "riscv64", "loongarch64")} - {""}
        if len(numbers) > 1:
            yield f"{row['name']}: {' '.join(sorted(numbers))}"


def system_numbers(abi):
    """{name: number} of this machine's <asm/unistd.h>, or None."""
    run = subprocess.run(["cc", "-E", "-dM", *SYSTEM_ABIS[abi], "-"], input="#include <asm/unistd.h>\n", capture_output=True, text=True)
    if run.returncode:
        return None
    found = re.findall(r"^#define __NR_(\w+) \(?(?:__X32_SYSCALL_BIT \+ )?(\d+)\)?$", run.stdout, re.M)
    return {name: int(number) for name, number in found}


def disagreements(ours, theirs, where):
    for name, number in sorted(theirs.items()):
        if name not in ours:
            yield f"{name} is {number} in {where} and not known here"
        elif ours[name] != number:
            yield f"{name} is {number} in {where} and {ours[name]} here"


def numbers_of(calls, abi):
    return {row["name"]: int(row[abi]) for row in calls if row[abi]}


def seccomp_numbers(library, abi, names):
    """Numbers that libseccomp knows of our names; what it lacks is below zero."""
    for name in names:
        number = library.seccomp_syscall_resolve_name_arch(ctypes.c_uint32(SECCOMP_ARCHES[abi]), name.encode())
        if number >= 0:
            yield name, number & ~0x40000000 if abi == "x32" else number


def check_system(calls):
    machine = os.uname().machine
    for abi in SYSTEM_ABIS:
        name = f"data: {abi} agrees with <asm/unistd.h>"
        theirs = system_numbers(abi) if machine == "x86_64" else None
        if not theirs:
            skip(name, "this machine has no headers for it")
            continue
        check(name, disagreements(numbers_of(calls, abi), theirs, "<asm/unistd.h>"))


def check_seccomp(calls, abis):
    try:
        library = ctypes.CDLL("libseccomp.so.2")
    except OSError:
        skip("data: agrees with libseccomp", "there is no libseccomp")
        return
    for abi in abis:
        theirs = dict(seccomp_numbers(library, abi, [row["name"] for row in calls]))
        if not theirs:
            skip(f"data: {abi} agrees with libseccomp", "this libseccomp does not know the ABI")
            continue
        check(f"data: {abi} agrees with libseccomp", disagreements(numbers_of(calls, abi), theirs, "libseccomp"))


def main():
    data = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else SOURCE / "data")
    check("data: tables are consistent", tables(data))
    check("data: provenance", provenance(data))
    calls = read(data / "syscalls.csv")
    abis = [row["name"] for row in read(data / "abis.csv")]
    check("data: numbers from 424 on are the same everywhere", common_range(calls, abis))
    check("data: aarch64, riscv64 and loongarch64 agree", generic_table(calls))
    check_system(calls)
    check_seccomp(calls, abis)
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    sys.exit(1 if counts["failed"] else 0)


if __name__ == "__main__":
    main()
