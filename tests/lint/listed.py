#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""No test is forgotten: every test-*.c and fuzz-*.c is built and run, every script can be executed, every corpus has its target."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import lib


def main():
    text = subprocess.run(["meson", "introspect", "--tests", str(lib.BUILD)], check=True, capture_output=True, text=True).stdout
    run = {test["name"] for test in json.loads(text)}
    programs = [p for p in lib.files("*.c") if re.match(r"tests/\w+/(test|fuzz)-", lib.name_of(p))]
    expected = {f"{p.parent.name}-{re.sub(r'^(test|fuzz)-', '', p.stem)}": lib.name_of(p) for p in programs}
    lib.check("listed: every test program is run", [f"{path}: {name} is in no meson.build" for name, path in expected.items() if name not in run])
    lists = [(p, text) for p in lib.files("meson.build") if "tests" in p.parts for text in [p.read_text()]]
    named = {(p.parent.name, word) for p, text in lists for block in re.findall(r"(?:unit_tests|live_tests|fuzz_targets) = \[(.*?)\]", text, re.S)
             for word in re.findall(r"'([\w-]+)'", block)}
    lib.check("listed: every name listed has its file", [f"tests/{folder}: there is no source for {word}" for folder, word in sorted(named)
                                                         if f"{folder}-{word}" not in expected])
    lib.check("listed: every script can be executed", [
        lib.name_of(p) for p in lib.files() if re.match(r"tests/(lint|system)/[\w-]+\.(sh|py)$|tests/(golden/)?run$|dev$|\.ci/run$|tools/", lib.name_of(p))
        and p.read_bytes().startswith(b"#!") and not os.access(p, os.X_OK)])
    corpora = {p.parent.name for p in lib.files() if lib.name_of(p).startswith("tests/fuzz/corpus/")}
    lib.check("listed: every corpus has its target", [c for c in sorted(corpora) if f"fuzz-{c}" not in run])
    lib.check("listed: every golden folder is a verb", [v.name for v in (lib.SOURCE / "tests/golden").iterdir()
                                                        if v.is_dir() and v.name not in (*lib.verbs()[0], "callgate", "__pycache__")])
    lib.finish()


main()
