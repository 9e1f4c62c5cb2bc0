#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run the command on case folders and compare what it says, byte for byte.

    tests/golden/cases.py [VERB[/CASE]…]         UPDATE=1 rewrites what is expected; read the diff before you keep it

A case is a folder tests/golden/VERB/CASE with

    args      the command line after `callgate`, as a shell reads it: quotes, $DATA (tests/data), $DIR (the case's own
              folder under tests/golden), redirections. Without the verb: that is the folder's name
    cmd       instead of args: a script for sh, with callgate in the PATH
    stdin     its standard input (default: empty)
    sed       edits what was printed before it is compared: for times, process ids
    out err rc    what is expected on standard output, on standard error, and as the exit status (default 0)
    id        identifiers of diagnostics, one a line, each of which must be printed as "[id]" on standard error
    made/     files that must stand there afterwards, with this content; edited by sed, too
    needs     commands that must exist, one a line; without them the case is skipped

and other files, its inputs. It runs in a private copy of the folder, without those expectations. A case that expects nothing is an
error: at least one of out, err, id, made must be there. A case named should-fail-* must have an id, must not exit 0, and must leave
no new file. Prints "ok VERB/CASE", "not ok VERB/CASE: why".
"""
import concurrent.futures
import difflib
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent
SOURCE = ROOT.parent.parent
COMMAND = pathlib.Path(os.environ.get("CALLGATE", SOURCE / "build/cli/callgate")).resolve()
UPDATE = os.environ.get("UPDATE") == "1"
OURS = ("args", "cmd", "stdin", "sed", "out", "err", "rc", "id", "made", "needs")
TIMEOUT = 120


def read(path, default=None):
    return path.read_bytes() if path.exists() else default


def edited(case, data):
    if not (case / "sed").exists():
        return data
    return subprocess.run(["sed", "-E", "-f", case / "sed"], input=data, capture_output=True, check=True).stdout


def difference(what, expected, found):
    lines = difflib.unified_diff(expected.decode(errors="backslashreplace").splitlines(),
                                 found.decode(errors="backslashreplace").splitlines(), "expected", "found", "", "", 3, "")
    return f"{what} differs:\n" + "\n".join("    " + line for line in list(lines)[:60])


def files_below(folder):
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}


def script_of(case):
    """The shell text of a case, or None."""
    if (case / "cmd").exists():
        return (case / "cmd").read_text()
    if (case / "args").exists():
        return f"callgate {case.parent.name} {(case / 'args').read_text().strip()}"
    return None


def execute(case, script, folder):
    env = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "UPDATE", "XDG_CONFIG_HOME")}
    env.update(PATH=f"{COMMAND.parent}:{os.environ.get('PATH', '')}", DATA=str(SOURCE / "tests/data"), DIR=str(case), HOME=str(folder),
               LC_ALL="C.UTF-8", TZ="UTC", TERM="dumb")
    with open(case / "stdin" if (case / "stdin").exists() else os.devnull, "rb") as stdin:
        return subprocess.run(["sh", "-c", script], cwd=folder, env=env, stdin=stdin, capture_output=True, timeout=TIMEOUT)


def write_expectation(path, data, wanted):
    if wanted:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    elif path.exists():
        path.unlink()


def update(case, done, made):
    expects_id = (case / "id").exists()
    write_expectation(case / "out", made["out"], made["out"])
    write_expectation(case / "err", made["err"], made["err"] and (not expects_id or (case / "err").exists()))
    write_expectation(case / "rc", b"%d\n" % done.returncode, done.returncode)
    for name in sorted(files_below(case / "made")) if (case / "made").exists() else []:
        if name in made["files"]:
            (case / "made" / name).write_bytes(made["files"][name])


def complaints(case, done, made, new):
    """What is not as expected."""
    rc = int(read(case / "rc", b"0"))
    if done.returncode != rc:
        yield f"exit status {done.returncode}, expected {rc}\n" + "\n".join(
            "    " + line for line in (made["out"] + made["err"]).decode(errors="backslashreplace").splitlines()[:40])
    for what in ("out", "err"):
        expected = read(case / what, None if what == "err" and (case / "id").exists() else b"")
        if expected is not None and expected != made[what]:
            yield difference(what, expected, made[what])
    for wanted in read(case / "id", b"").decode().split():
        if f"[{wanted}]".encode() not in made["err"]:
            yield f"no diagnostic [{wanted}] in:\n    " + made["err"].decode(errors="backslashreplace").strip()
    for name in sorted(files_below(case / "made")) if (case / "made").exists() else []:
        if name not in made["files"]:
            yield f"{name} was not made"
        elif made["files"][name] != (case / "made" / name).read_bytes():
            yield difference(name, (case / "made" / name).read_bytes(), made["files"][name])
    if case.name.startswith("should-fail-"):
        if done.returncode == 0:
            yield "exit status 0 where it should fail"
        if done.returncode > 128:
            yield f"ended by signal {done.returncode - 128}"
        if new:
            yield f"left behind: {', '.join(sorted(new))}"


def malformed(case):
    if script_of(case) is None:
        return "neither args nor cmd"
    if case.name.startswith("should-fail-") and not read(case / "id", b"").strip():
        return "should fail, but does not say with which diagnostic: write it into id"
    if not UPDATE and not any((case / name).exists() for name in ("out", "err", "id", "made")):
        return "expects nothing: a case that cannot fail"
    return None


def run_case(case):
    name = f"{case.parent.name}/{case.name}"
    why = malformed(case)
    if why:
        return f"not ok {name}: {why}"
    missing = [tool for tool in read(case / "needs", b"").decode().split() if not shutil.which(tool)]
    if missing:
        return f"skip {name}: needs {', '.join(missing)}"
    with tempfile.TemporaryDirectory(prefix="callgate-golden-") as scratch:
        folder = pathlib.Path(scratch) / "case"
        shutil.copytree(case, folder, ignore=lambda at, names: [n for n in names if pathlib.Path(at) == case and n in OURS])
        before = files_below(folder)
        try:
            done = execute(case, script_of(case), folder)
        except subprocess.TimeoutExpired:
            return f"not ok {name}: still running after {TIMEOUT} s"
        new = files_below(folder) - before
        made = {"out": edited(case, done.stdout), "err": edited(case, done.stderr),
                "files": {n: edited(case, (folder / n).read_bytes()) for n in files_below(folder)}}
    if UPDATE:
        update(case, done, made)
    found = list(complaints(case, done, made, new))
    return f"not ok {name}: " + "\n".join(found) if found else f"ok {name}"


def main():
    selection = sys.argv[1:]
    cases = sorted(case for verb in ROOT.iterdir() if verb.is_dir() for case in verb.iterdir() if case.is_dir())
    cases = [case for case in cases if not selection or case.parent.name in selection or f"{case.parent.name}/{case.name}" in selection]
    if not cases:
        print("not ok golden: there are no cases")
        return 1
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        results = list(pool.map(run_case, cases))
    print("\n".join(results))
    return any(result.startswith("not ok") for result in results)


if __name__ == "__main__":
    sys.exit(main())
