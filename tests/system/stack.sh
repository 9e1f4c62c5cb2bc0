#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A process under two filters: read live, they mean what their two sources mean together; merged into one filter they mean the same.
# shellcheck source=tests/system/lib.sh
. "$(dirname "$0")/lib.sh"

first=builtin:docker second=builtin:podman

"$CALLGATE" run --no-log "$first" -- "$CALLGATE" run --no-log "$second" -- sleep 60 &
pid=$!
until [ "$(cat "/proc/$pid/comm")" = sleep ]; do sleep 0.05; done

if ! "$CALLGATE" explain "pid:$pid" read >"$work/out" 2>&1; then
	skip "live filters" "$(head -1 "$work/out")"
	kill "$pid"
	exit 0
fi
check "the live stack is what both sources allow" "$CALLGATE" diff --quiet "pid:$pid" "$first&$second"
check "it is not what one of them allows" differs "pid:$pid" "$first"
"$CALLGATE" compile "pid:$pid" -o "$work/one.bpf" >/dev/null
check "merged into one filter it means the same" "$CALLGATE" diff --quiet "pid:$pid" "$work/one.bpf"
check "which of the two refuses is said" decides "filter 1 of 2"
kill "$pid"
wait "$pid" 2>/dev/null
