#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The library exports what the header declares, and nothing else; inside, every symbol begins with a word of its room."""
import re
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import lib


def declared():
    text = re.sub(r"/\*.*?\*/", "", (lib.SOURCE / "include/callgate.h").read_text(), flags=re.DOTALL)
    text = re.sub(r"^\s*#.*?(?<!\\)$", "", text, flags=re.MULTILINE)
    return set(re.findall(r"\b(callgate_[a-z0-9_]+)\s*\(", text))


def exported():
    text = subprocess.run(["nm", "--dynamic", "--defined-only", "--with-symbol-versions", str(lib.BUILD / "lib/libcallgate.so")],
                          check=True, capture_output=True, text=True).stdout
    return [line.split()[-1] for line in text.splitlines() if line.split()[-2] != "A"]


def global_symbols():
    """(object's source, symbol, visibility) of every symbol with external linkage in the rooms."""
    text = subprocess.run(["readelf", "--wide", "--symbols", str(lib.BUILD / "lib/libcallgate-rooms.a")], check=True, capture_output=True,
                          text=True).stdout
    source = ""
    for line in text.splitlines():
        member = re.match(r"File: .*[(\[/]([^/]+)\.o[)\]]?$", line)
        source = member.group(1) if member else source
        fields = line.split()
        if len(fields) == 8 and fields[4] in ("GLOBAL", "WEAK") and fields[6] != "UND":
            yield source, fields[7], fields[5]


def room_of(source, rooms):
    """meson names objects after their source below its own folder: base_json.c, callgate.c, meson-generated_.._arch_arch-tables.c."""
    first = source.removeprefix("meson-generated_.._").split("_")[0]
    return first if first in rooms else "callgate*.c"


def misnamed(rooms):
    seen = 0
    for source, symbol, visibility in global_symbols():
        seen += 1
        room = room_of(source, rooms)
        allowed = rooms[room]
        if not any(symbol == word or symbol.startswith(word + "_") for word in allowed):
            yield f"{source}: {symbol} begins with none of {', '.join(w + '_' for w in allowed)} (room {room})"
        if visibility != "HIDDEN" and not symbol.startswith("callgate_"):
            yield f"{source}: {symbol} is not hidden"
    if not seen:
        yield "no symbol was found: this test looks in the wrong place"


def main():
    names = declared()
    symbols = exported()
    versions = {symbol.partition("@")[2].lstrip("@") for symbol in symbols}
    plain = {symbol.partition("@")[0] for symbol in symbols}
    lib.check("symbols: everything declared is exported", [f"{name} is declared and not exported" for name in sorted(names - plain)])
    lib.check("symbols: everything exported is declared", [f"{name} is exported and not declared" for name in sorted(plain - names)])
    lib.check("symbols: every export has a version", [f"unversioned or strange: {v!r}" for v in versions if not v.startswith("CALLGATE_")])
    rooms = {room: lib.words(prefixes) for _, room, _, _, prefixes in lib.table("Floors")}
    owners = {}
    for room, prefixes in rooms.items():
        for word in prefixes:
            owners.setdefault(word, []).append(room)
    lib.check("symbols: a word belongs to one room", [f"{word}_: {', '.join(r)}" for word, r in owners.items() if len(r) > 1])
    lib.check("symbols: every symbol begins with a word of its room and is hidden", misnamed(rooms))
    lib.finish()


main()
