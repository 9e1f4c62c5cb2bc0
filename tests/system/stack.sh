#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A process under two filters: read live, they mean what their two sources mean together; merged into one filter they mean the same.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

first=builtin:docker second=builtin:podman both="builtin:docker&builtin:podman"

"$CALLGATE" run --no-log "$first" -- "$CALLGATE" run --no-log "$second" -- sleep 60 &
pid=$!
pids+=("$pid")
is_sleep() { [ "$(cat "/proc/$pid/comm")" = sleep ]; }
wait_for is_sleep

if ! "$CALLGATE" explain "pid:$pid" read >"$work/out" 2>"$work/err"; then
	skip "live filters" "$(head -n 1 "$work/err")"
	exit 0
fi
status "the live stack is what both sources allow" 0 "$CALLGATE" diff "pid:$pid" "$both"
status "it is not what one of them allows" 1 "$CALLGATE" diff "pid:$pid" "$first"
status "it is within each" 0 "$CALLGATE" check --within "$second" "pid:$pid"
check "it is compiled into one filter" "$CALLGATE" compile "pid:$pid" --output="$work/one.bpf"
status "which means the same" 0 "$CALLGATE" diff "pid:$pid" "$work/one.bpf"
"$CALLGATE" explain "pid:$pid" mount >"$work/out" 2>&1
check "which filter refuses is said" grep -q 'decided by filter 1 of 2' "$work/out"
"$CALLGATE" explain "pid:$pid" futex_waitv >"$work/out" 2>&1
check "the other one, too" grep -q 'decided by filter 2 of 2' "$work/out"
