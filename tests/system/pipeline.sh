#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A shell pipeline: recorded through forks and execs, learned, enforced, attacked.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need pipeline tar gzip python3

mkdir "$work/tree"
for i in $(seq 50); do seq "$i" 500 >"$work/tree/$i"; done
ln -s 1 "$work/tree/link"
# The paths are the script's own words: the same pipeline each time.
pipeline='cd "$1" && tar cf - tree | gzip -9 >out.tgz && gzip -dc out.tgz | tar tf - >list'

check 'pipeline: harden' "$CALLGATE" harden -q --runs=2 -o "$work/pipeline.json" -- sh -c "$pipeline" sh "$work" || exit 0
rm -f "$work/out.tgz" "$work/list"
check 'pipeline: works under the profile' "$CALLGATE" run "$work/pipeline.json" -- sh -c "$pipeline" sh "$work"
check 'pipeline: made a true archive' test "$(grep -c . "$work/list" 2>/dev/null)" = 52
status 'pipeline: the status of the command is passed on' 7 "$CALLGATE" run "$work/pipeline.json" -- sh -c 'exit 7'
# execve was recorded here (sh runs tar and gzip), so it is allowed; its path is a pointer, which no filter can follow.
attacks pipeline "$work/pipeline.json" 1 mount socket-packet ptrace bpf init_module kexec_load execveat
