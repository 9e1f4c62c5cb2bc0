#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write the completions of a shell from the command's own tables.

    tools/gen-completions.py bash|zsh|fish CALLGATE > FILE

CALLGATE is the built command: `callgate help --table` names verbs, options and values; what a value can be follows from what the
table calls it. Names of system calls, groups and recorders are asked for when the completion runs.
"""
import collections
import re
import subprocess
import sys

Option = collections.namedtuple("Option", "letter name value help")
Verb = collections.namedtuple("Verb", "name operands help options")

# What the table calls a value or an operand: the shell command that lists the words that it can be.
LISTS = {
    "CALL": "callgate syscall 2>/dev/null | cut -f2",
    "NAME|NUMBER": "callgate syscall 2>/dev/null | cut -f2",
    "GROUP": "callgate syscall --group=list 2>/dev/null | cut -d\" \" -f1",
    "NAME": "callgate record --list 2>/dev/null | cut -d\" \" -f1",
}
FILES = ("FILE", "PROFILE", "SOURCE", "TRACE")


def ask(command, *words):
    return subprocess.run([command, *words], check=True, capture_output=True, text=True).stdout


def read_table(command):
    """(verbs, common options)"""
    verbs, common = {}, []
    for line in ask(command, "help", "--table").splitlines():
        verb, letter, option, value, text = line.split("\t")
        if option == ".":
            verbs[verb] = Verb(verb, value, text, [])
        else:
            entry = Option(letter.lstrip("-").replace(".", ""), option, "" if value == "." else value, text)
            (common if verb == "." else verbs[verb].options).append(entry)
    return list(verbs.values()), common


def words_of(value, abis):
    """The only words a value can be, or None."""
    if value == "ABI":
        return abis
    return value.split("|") if "|" in value and value == value.lower() else None


def operand_kinds(verb):
    """What the operands are called, the last one repeated: ["SOURCE", "CALL"]."""
    return [re.sub(r"[^A-Z|]", "", word) for word in verb.operands.split() if re.search("[A-Z]", word) and not word.startswith("[ARG")]


# ---- bash ----

def bash_source(kind, words):
    if words:
        return f"COMPREPLY=($(compgen -W '{' '.join(words)}' -- \"$cur\"))"
    if kind in LISTS:
        return f"COMPREPLY=($(compgen -W \"$({LISTS[kind]})\" -- \"$cur\"))"
    if kind == "COMMAND":
        return "COMPREPLY=($(compgen -c -- \"$cur\"))"
    if kind == "VERB":
        return "COMPREPLY=($(compgen -W \"$verbs\" -- \"$cur\"))"
    if kind in FILES:
        return "compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- \"$cur\"))"
    return "COMPREPLY=()"


def bash(verbs, common, abis):
    print("""# SPDX-License-Identifier: Apache-2.0
# bash completion for callgate; written by tools/gen-completions.py
# shellcheck shell=bash disable=SC2207

# Value of an option: _callgate_value VERB OPTION
_callgate_value()
{
	case "$1 $2" in""")
    for verb in verbs:
        for o in verb.options + common:
            if o.value:
                names = " | ".join(f"'{verb.name} {n}'" for n in ([f"-{o.letter}"] if o.letter else []) + [o.name])
                print(f"\t{names}) {bash_source(o.value, words_of(o.value, abis))} ;;")
    print("""	*) return 1 ;;
	esac
}

# The n-th operand, from 0: _callgate_operand VERB N
_callgate_operand()
{
	case "$1" in""")
    for verb in verbs:
        kinds = operand_kinds(verb)
        if not kinds:
            continue
        print(f"\t{verb.name})\n\t\tcase $2 in")
        for i, kind in enumerate(kinds):
            print(f"\t\t{i if i + 1 < len(kinds) else '*'}) {bash_source(kind, None)} ;;")
        print("\t\tesac\n\t\t;;")
    print("""	esac
}

_callgate()
{
	local cur=${COMP_WORDS[COMP_CWORD]} verb=${COMP_WORDS[1]} before=${COMP_WORDS[COMP_CWORD - 1]} i operands=0 wraps=0""")
    print(f"\tlocal verbs='{' '.join(v.name for v in verbs)}' options='{' '.join(o.name for o in common)}'")
    print("""	COMPREPLY=()
	if [ "$COMP_CWORD" = 1 ]; then
		COMPREPLY=($(compgen -W "$verbs --help --version" -- "$cur"))
		return
	fi
	case $verb in""")
    for verb in verbs:
        if verb.options:
            wraps = "; wraps=1" if "COMMAND" in verb.operands else ""
            print(f"\t{verb.name}) options+=' {' '.join(o.name for o in verb.options)}'{wraps} ;;")
    print("""	esac
	# "--option=word" comes as three words
	if [ "$cur" = = ]; then
		cur=
		_callgate_value "$verb" "$before"
		return
	elif [ "$before" = = ]; then
		_callgate_value "$verb" "${COMP_WORDS[COMP_CWORD - 2]}"
		return
	elif _callgate_value "$verb" "$before"; then
		return
	fi
	for ((i = 2; i < COMP_CWORD; i++)); do
		case ${COMP_WORDS[i]} in
		--) ;;
		=) i=$((i + 1)) ;;
		-*) if [ "${COMP_WORDS[i + 1]}" != = ] && _callgate_value "$verb" "${COMP_WORDS[i]}"; then i=$((i + 1)); fi ;;
		*) operands=$((operands + 1)) ;;
		esac
	done
	COMPREPLY=()
	if [[ $cur == -* ]] && ! { [ "$wraps" = 1 ] && [ "$operands" -gt 0 ]; }; then
		COMPREPLY=($(compgen -W "$options" -- "$cur"))
	else
		_callgate_operand "$verb" "$operands"
	fi
}
complete -o default -F _callgate callgate""")


# ---- zsh ----

def zsh_text(text):
    return re.sub(r"([\[\]:])", r"\\\1", text).replace("'", "'\\''")


def zsh_source(kind, words):
    if words:
        return f"({' '.join(words)})"
    if kind in LISTS:
        return "{compadd -- ${(f)\"$(" + LISTS[kind] + ")\"}}"
    if kind == "COMMAND":
        return "_command_names -e"
    if kind == "VERB":
        return "_callgate_verbs"
    return "_files" if kind in FILES else " "


def zsh(verbs, common, abis):
    print("""#compdef callgate
# SPDX-License-Identifier: Apache-2.0
# zsh completion for callgate; written by tools/gen-completions.py

_callgate_verbs()
{
	local -a verbs
	verbs=(""")
    for verb in verbs:
        print(f"\t\t'{verb.name}:{zsh_text(verb.help)}'")
    print("""	)
	_describe verb verbs
}

_callgate()
{
	local curcontext=$curcontext
	if (( CURRENT == 2 )); then
		_callgate_verbs
		return
	fi
	local verb=$words[2]
	shift words
	(( CURRENT-- ))
	case $verb in""")
    for verb in verbs:
        print(f"\t{verb.name})\n\t\t_arguments -s \\")
        for o in verb.options + common:
            value = f":{zsh_text(o.value)}:{zsh_source(o.value, words_of(o.value, abis))}" if o.value else ""
            print(f"\t\t\t'*{o.name}{'=' if o.value else ''}[{zsh_text(o.help)}]{value}' \\")
            if o.letter:
                print(f"\t\t\t'*-{o.letter}{'+' if o.value else ''}[{zsh_text(o.help)}]{value}' \\")
        kinds = operand_kinds(verb)
        for i, kind in enumerate(kinds):
            place = i + 1 if i + 1 < len(kinds) else "*"
            source = "_normal" if kind == "COMMAND" else zsh_source(kind, None)
            print(f"\t\t\t'{place}:{':' if kind == 'COMMAND' else ''}{zsh_text(kind.lower())}:{source}' \\")
        print("\t\t\t&& return\n\t\t;;")
    print("""	esac
}

_callgate "$@\"""")


# ---- fish ----

def fish_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def fish_source(kind, words):
    if words:
        return f" -x -a {fish_text(' '.join(words))}"
    if kind in LISTS:
        return f" -x -a {fish_text('(' + LISTS[kind] + ')')}"
    if kind == "COMMAND":
        return " -x -a '(__fish_complete_command)'"
    return " -r -F" if kind in FILES else " -x"


def fish(verbs, common, abis):
    print("# SPDX-License-Identifier: Apache-2.0\n# fish completion for callgate; written by tools/gen-completions.py\n")
    print("complete -c callgate -f\ncomplete -c callgate -n __fish_use_subcommand -l help\ncomplete -c callgate -n __fish_use_subcommand -l version")
    for verb in verbs:
        print(f"complete -c callgate -n __fish_use_subcommand -a {verb.name} -d {fish_text(verb.help)}")
    for verb in verbs:
        when = f"complete -c callgate -n '__fish_seen_subcommand_from {verb.name}'"
        for o in verb.options + common:
            letter = f" -s {o.letter}" if o.letter else ""
            value = fish_source(o.value, words_of(o.value, abis)) if o.value else ""
            print(f"{when} -l {o.name[2:]}{letter}{value} -d {fish_text(o.help)}")
        for kind in operand_kinds(verb):
            if kind == "VERB":
                print(f"{when} -x -a {fish_text(' '.join(v.name for v in verbs))}")
            elif kind in LISTS or kind == "COMMAND" or kind in FILES:
                print(f"{when}{fish_source(kind, None).replace(' -r -F', ' -F').replace(' -x', ' -f')}")


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in ("bash", "zsh", "fish"):
        sys.exit(__doc__)
    verbs, common = read_table(sys.argv[2])
    abis = re.findall(r'"abi": *"([^"]+)"', ask(sys.argv[2], "syscall", "--json", "--abi=all", "read"))
    if not verbs or not abis:
        sys.exit(f"{sys.argv[2]} lists no verbs or no ABIs")
    {"bash": bash, "zsh": zsh, "fish": fish}[sys.argv[1]](verbs, common, abis)


if __name__ == "__main__":
    main()
