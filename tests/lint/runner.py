#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""tests/run and tests/golden/cases.py notice what must not pass: crashes, hangs, silence, broken promises, cases that expect nothing."""
import importlib.machinery
import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import lib


def load(path):
    loader = importlib.machinery.SourceFileLoader("runner", str(path))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("runner", loader))
    sys.modules["runner"] = module
    loader.exec_module(module)
    return module


runner = load(lib.SOURCE / "tests/run")

# name, shell script, is it cmocka's, passed, failed, skipped
PROGRAMS = [
    ("passes", "echo ok one; echo ok two", False, 2, 0, 0),
    ("fails", "echo ok one; echo 'not ok two: why'; exit 1", False, 1, 1, 0),
    ("fails and exits 0", "echo 'not ok two: why'", False, 0, 1, 0),
    ("skips", "echo 'skip one: no such thing here'", False, 0, 0, 1),
    ("crashes after its results", "echo ok one; kill -SEGV $$", False, 1, 1, 0),
    ("exits non-zero after its results", "echo ok one; exit 3", False, 1, 1, 0),
    ("hangs", "echo ok one; sleep 60", False, 1, 1, 0),
    ("says nothing", "exit 0", False, 0, 1, 0),
    ("is skipped whole", "echo no kernel for it; exit 77", False, 0, 0, 1),
    ("TAP", "printf '1..3\\nok 1 - a\\nok 2 - b # SKIP no c\\nnot ok 3 - d\\n'; exit 1", False, 1, 1, 1),
    ("TAP, fewer than promised", "printf '1..3\\nok 1 - a\\n'", False, 1, 1, 0),
    ("cmocka", "printf '1..2\\nok 1 - a\\nno kernel\\nnot ok 2 # SKIP b\\nok - group\\n'", True, 1, 0, 1),
    ("cmocka, a failure", "printf '1..2\\nok 1 - a\\nnot ok 2 - b\\n# file:1\\nnot ok - group\\n'; exit 1", True, 1, 1, 0),
    ("cmocka, group set-up fails", "printf '1..2\\nnot ok - group\\n'; exit 1", True, 0, 1, 0),
    ("live", "printf 'ok   a (0.1 s)\\nSKIP: no root\\nskip b (0.0 s)\\nFAIL c (0.1 s)\\n'; exit 1", True, 1, 1, 1),
    ("live, all skipped", "printf 'SKIP: no root\\nskip b (0.0 s)\\n'; exit 77", True, 0, 0, 1),
]

# name, {file: text}, what tests/golden/cases.py must begin its line with
CASES = [
    ("matches", {"cmd": "echo a; echo b >&2; exit 3", "out": "a\n", "err": "b\n", "rc": "3\n"}, "ok"),
    ("differs", {"cmd": "echo a", "out": "b\n"}, "not ok"),
    ("status", {"cmd": "echo a; exit 1", "out": "a\n"}, "not ok"),
    ("more-on-err", {"cmd": "echo a; echo x >&2", "out": "a\n"}, "not ok"),
    ("expects-nothing", {"cmd": "true"}, "not ok"),
    ("no-command", {"out": "a\n"}, "not ok"),
    ("edited", {"cmd": "echo took 17 ms", "sed": "s/[0-9]+ ms/N ms/\n", "out": "took N ms\n"}, "ok"),
    ("made", {"cmd": "echo x >new", "made/new": "x\n"}, "ok"),
    ("not-made", {"cmd": "true", "made/new": "x\n"}, "not ok"),
    ("needs", {"cmd": "echo a", "out": "a\n", "needs": "no-such-command-anywhere\n"}, "skip"),
    ("should-fail-so", {"cmd": "echo 'error: no [json-syntax]' >&2; exit 2", "id": "json-syntax\n", "rc": "2\n"}, "ok"),
    ("should-fail-otherwise", {"cmd": "echo 'error: no [json-depth]' >&2; exit 2", "id": "json-syntax\n", "rc": "2\n"}, "not ok"),
    ("should-fail-passes", {"cmd": "echo '[json-syntax]' >&2", "id": "json-syntax\n"}, "not ok"),
    ("should-fail-half", {"cmd": "echo '[json-syntax]' >&2; echo x >half; exit 2", "id": "json-syntax\n", "rc": "2\n"}, "not ok"),
    ("should-fail-without-id", {"cmd": "exit 2", "rc": "2\n"}, "not ok"),
]


def judge_program(script, cmocka, *expected):
    program = runner.Program("lint", "x", "gcc", ["sh", "-c", script], lib.SOURCE, 1, False, cmocka)
    outcome = runner.run(program, lib.BUILD)
    found = (outcome.passed, len(outcome.failures), len(outcome.skips))
    return [] if found == expected else [f"passed, failed, skipped are {found}, expected {expected}: {outcome.failures} {outcome.skips}"]


def judge_cases():
    with tempfile.TemporaryDirectory() as scratch:
        golden = pathlib.Path(scratch) / "tests/golden"
        for name, content, _ in CASES:
            for file, text in content.items():
                path = golden / "verb" / name / file
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        script = golden / "run"
        script.write_bytes((lib.SOURCE / "tests/golden/cases.py").read_bytes())
        env = {k: v for k, v in os.environ.items() if k != "UPDATE"}
        done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=env)
        for name, _, expected in CASES:
            if not any(line.startswith((f"{expected} verb/{name}:", f"{expected} verb/{name}\n")) for line in done.stdout.splitlines(True)):
                yield f"{name} is not \"{expected}\" in:\n{done.stdout}{done.stderr}"
        if done.returncode != 1:
            yield f"exit status {done.returncode}, expected 1"


for name, script, cmocka, *expected in PROGRAMS:
    lib.check(f"runner: {name}", judge_program(script, cmocka, *expected))
lib.check("runner: golden cases", judge_cases())
lib.finish()
