# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# What the system tests share. Each script prints `ok NAME`, `not ok NAME: why` or `skip NAME: reason`, one line a test.
# CALLGATE names the command, PROGRAMS the folder of the test programs.
set -u
: "${CALLGATE:?names the callgate command}" "${PROGRAMS:?names the folder of the test programs}"
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp -d)
chmod 755 "$work"
pids=()
export here

cleanup() {
	local pid
	for pid in "${pids[@]}"; do
		kill "$pid" 2>/dev/null
		wait "$pid" 2>/dev/null
	done
	rm -rf "$work"
}
trap cleanup EXIT
trap 'exit 1' INT TERM

ok() { printf 'ok %s\n' "$1"; }
not_ok() { printf 'not ok %s: %s\n' "$1" "$2"; }
skip() { printf 'skip %s: %s\n' "$1" "$2"; }

# show FILE…: what a failed command said, as comments
show() { sed 's/^/# /' "$@" | tail -n 30; }

# check NAME COMMAND…: ok when the command succeeds; what it printed is shown otherwise
check() {
	local name=$1
	shift
	if "$@" >"$work/check.out" 2>&1; then
		ok "$name"
	else
		not_ok "$name" "status $?: $*"
		show "$work/check.out"
		return 1
	fi
}

# status NAME EXPECTED COMMAND…: ok when the command ends with this status
status() {
	local name=$1 want=$2 got
	shift 2
	"$@" >"$work/status.out" 2>"$work/status.err"
	got=$?
	if [ "$got" = "$want" ]; then
		ok "$name"
	else
		not_ok "$name" "status $got, not $want: $*"
		show "$work/status.out" "$work/status.err"
		return 1
	fi
}

# need NAME COMMAND…: skip and leave when a command is not there
need() {
	local name=$1 command
	shift
	for command; do
		command -v "$command" >/dev/null || { skip "$name" "$command is not installed"; exit 0; }
	done
}

# wait_for COMMAND…: until it succeeds, 10 s at most
wait_for() {
	local i
	for ((i = 0; i < 200; i++)); do
		"$@" >/dev/null 2>&1 && return 0
		sleep 0.05
	done
	return 1
}

# json FILE MEMBER: a member of a JSON object
json() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' "$1" "$2"; }

# What an attacker inside the program tries, under its profile. $1: name, $2: profile, $3: expected errno number,
# then the attacks that must be refused.
attacks() {
	local name=$1 profile=$2 errno=$3 attack
	shift 3
	"$CALLGATE" run "$profile" -- "$PROGRAMS/attacker" >"$work/attack.out" 2>"$work/attack.err"
	for attack; do
		if grep -qx "$attack $errno" "$work/attack.out"; then
			ok "$name: $attack is refused with errno $errno"
		else
			not_ok "$name: $attack is refused with errno $errno" "$(grep "^$attack " "$work/attack.out" || echo 'no answer')"
			show "$work/attack.out" "$work/attack.err"
		fi
	done
}
