#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A folder includes only what stands in its row of ARCHITECTURE.md's tables: rooms, and external libraries."""
import re
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import lib

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def read_floors():
    """{room: rooms it may include}, checked for doors between rooms of one floor."""
    rows = {room: (int(floor) if floor.isdigit() else None, lib.words(may)) for floor, room, _, may, _ in lib.table("Floors")}
    lowest = {room: floor for room, (floor, _) in rows.items() if floor is not None}
    upward = [f"{room} may include {other}, which is not below it" for room, (floor, may) in rows.items() for other in may
              if other in lowest and lowest[other] >= floor]
    return {room: may for room, (_, may) in rows.items()}, upward


def room_of(path):
    parts = path.relative_to(lib.SOURCE).parts
    if parts[0] == "cli":
        return "cli"
    return parts[1] if len(parts) > 2 else "callgate*.c"


def judge(path, rooms, libraries):
    """What this file includes and may not."""
    room = room_of(path)
    may = rooms.get(room)
    if may is None:
        yield f"{lib.name_of(path)}: {room} has no row in ARCHITECTURE.md"
        return
    for bracket, target in INCLUDE.findall(path.read_text()):
        first = target.split("/")[0]
        said = f"{lib.name_of(path)} includes {bracket}{target}{'>' if bracket == '<' else bracket}"
        if target in libraries:
            if lib.name_of(path) not in libraries[target] and f"{path.parent.name}/" not in libraries[target]:
                yield f"{said}: only {', '.join(libraries[target])} may"
        elif bracket == "<" and target == "callgate.h":
            pass
        elif bracket == "<" and "/" in target and (lib.SOURCE / "lib" / first).is_dir() and (lib.SOURCE / "lib" / target).exists():
            yield f"{said}: with quotes, please, so that this test sees it"
        elif bracket == "<":
            if not system_header(target):
                yield f"{said}: a library that ARCHITECTURE.md does not name"
        elif room == "cli":
            if target != "cli.h":
                yield f"{said}: cli/ sees <callgate.h> and cli.h only"
        elif "/" not in target:
            yield f"{said}: write \"{room}/{target}\", from lib/ on"
        elif first != room and first not in may and "all of lib/" not in " ".join(may):
            yield f"{said}: {room} may include {', '.join(may) or 'nothing'}"


def system_header(target):
    """libc and the kernel's: what every machine with a compiler has."""
    return target.split("/")[0] in ("sys", "linux", "asm", "net", "netinet", "arpa", "bits") or target in SYSTEM


SYSTEM = {name + ".h" for name in """assert ctype dirent dlfcn elf endian errno fcntl float fnmatch ftw getopt inttypes libgen limits link
locale math poll pthread pwd grp sched setjmp signal spawn stdalign stdarg stdatomic stdbool stddef stdint stdio stdlib string strings
sysexits syslog termios time ucontext unistd wchar""".split()}


def main():
    rooms, upward = read_floors()
    libraries = {}
    for _, headers, where in lib.table("Libraries"):
        for header in lib.words(headers):
            libraries[header] = lib.words(where)
    sources = [p for p in lib.files("*.c", "*.h") if p.relative_to(lib.SOURCE).parts[0] in ("lib", "cli")]
    lib.check("floors: no row leads up", upward)
    lib.check("floors: every include stands in its row", [f for p in sources for f in judge(p, rooms, libraries)])
    lib.check("floors: every room of the table exists",
              [f"lib/{room} is not there" for room in rooms if room not in ("cli", "callgate*.c") and not (lib.SOURCE / "lib" / room).is_dir()])
    lib.finish()


main()
