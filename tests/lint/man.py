#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Man pages and completions name what the command's tables name: every verb, every option, and no others."""
import re
import shutil
import subprocess
import sys

sys.path.insert(0, __file__.rsplit("/", 1)[0])
import lib

ENTRY = re.compile(r"^\*-.*$", re.MULTILINE)  # scdoc: "*-o*, *--output*=_FILE_" begins an option's entry
OPTION = re.compile(r"--[a-z0-9][a-z0-9-]*")


def unescaped(path):
    return path.read_text().replace("\\-", "-").replace("\\_", "_")


def judge_page(verb, options, common):
    path = lib.SOURCE / f"man/callgate-{verb}.1.scd"
    if not path.exists():
        yield f"man/{path.name} is not there"
        return
    text = unescaped(path)
    named = {name for entry in ENTRY.findall(text) for name in OPTION.findall(entry)}
    for option in options:
        if option not in named:
            yield f"man/{path.name}: no entry for {option}"
    for name in sorted(named - set(options) - set(common)):
        yield f"man/{path.name}: {name} is no option of callgate {verb}"


def judge_common(common):
    """The options of every verb stand in callgate(1)."""
    path = lib.SOURCE / "man/callgate.1.scd"
    text = unescaped(path) if path.exists() else ""
    named = {name for entry in ENTRY.findall(text) for name in OPTION.findall(entry)}
    return [f"man/callgate.1.scd: no entry for {option}" for option in common if option not in named]


def judge_completion(path, own, common):
    if not path.exists():
        return [f"{path.name} was not built"]
    found = path.read_text()
    shown = lambda option: re.search(rf"(?<![\w-])(--|-l ){option[2:]}(?![\w-])", found)
    return [f"{path.name}: {what} is missing" for what in [*own, *common, *(o for options in own.values() for o in options)]
            if not (shown(what) if what.startswith("--") else re.search(rf"\b{what}\b", found))]


def syntax(shell, path):
    if not shutil.which(shell):
        lib.skip(f"completions: {shell} can read its own", f"{shell} is not installed")
        return
    done = subprocess.run([shell, "-n", str(path)], capture_output=True, text=True)
    lib.check(f"completions: {shell} can read its own", [done.stderr.strip()] if done.returncode else [])


def bash_answers(words):
    """What bash would offer for the last word."""
    script = f'. "$1"; shift; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _callgate; printf "%s\\n" "${{COMPREPLY[@]}}"'
    environment = {"PATH": f"{lib.COMMAND.rsplit('/', 1)[0]}:/usr/bin:/bin"}
    return subprocess.run(["bash", "-c", script, "bash", str(lib.BUILD / "completions/callgate"), *words], capture_output=True, text=True,
                          env=environment).stdout.split()


def main():
    own, common = lib.verbs()
    lib.check("man: every option has its entry, and every entry its option", [f for v, o in own.items() for f in judge_page(v, o, common)])
    lib.check("man: callgate(1) has the common options", judge_common(common))
    pages = {p.name[len("callgate-"):-len(".1.scd")] for p in (lib.SOURCE / "man").glob("callgate-*.1.scd")}
    lib.check("man: every page has its verb", [f"callgate-{page}.1.scd" for page in sorted(pages - set(own))])
    for shell, name in (("bash", "callgate"), ("zsh", "_callgate"), ("fish", "callgate.fish")):
        path = lib.BUILD / "completions" / name
        lib.check(f"completions: {shell} knows every verb and option", judge_completion(path, own, common))
        syntax(shell, path)
    for words, expected in ((["callgate", "comp"], "compile"), (["callgate", "run", "--mode", "=", "ki"], "kill"),
                            (["callgate", "explain", "x.json", "ptra"], "ptrace"), (["callgate", "syscall", "--abi", "ri"], "riscv64"),
                            (["callgate", "learn", "--allow"], "--allow-lost")):
        answers = bash_answers(words)
        lib.check(f"completions: {' '.join(words)}", [] if expected in answers else [f"{expected} is not among {answers[:10]}"])
    lib.finish()


main()
