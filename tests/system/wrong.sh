#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Wrong input: its own diagnostic, its own status, nothing half-written.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

good='{"defaultAction": "SCMP_ACT_ALLOW"}'
echo "$good" >"$work/good.json"

# wrong NAME STATUS ID COMMAND…: this status, this diagnostic, no output file
wrong() {
	local name=$1 want=$2 id=$3 got
	shift 3
	rm -f "$work/out"*
	timeout 20 "$@" >"$work/stdout" 2>"$work/stderr"
	got=$?
	if [ "$got" != "$want" ]; then
		not_ok "$name" "status $got, not $want"
		show "$work/stderr"
	elif ! grep -qF "[$id]" "$work/stderr"; then
		not_ok "$name" "no diagnostic $id"
		show "$work/stderr"
	elif compgen -G "$work/out*" >/dev/null; then
		not_ok "$name" "left $(echo "$work"/out*)"
	elif [ -s "$work/stdout" ]; then
		not_ok "$name" "wrote to standard output"
	else
		ok "$name"
	fi
}

printf '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"' >"$work/truncated.json"
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["opnat"], "action": "SCMP_ACT_ALLOW"}]}' >"$work/name.json"
echo '{"defaultAction": "SCMP_ACT_DENY"}' >"$work/action.json"
echo '{"defaultAction": "SCMP_ACT_ALLOW", "defaultAction": "SCMP_ACT_KILL"}' >"$work/twice.json"
echo '{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 6, "value": 1, "op": "SCMP_CMP_EQ"}]}]}' >"$work/index.json"
head -c 10485760 /dev/zero | tr '\0' '[' >"$work/deep.json"
printf '\001\377\002noise' >"$work/noise.json"
head -c 8000 /dev/zero | tr '\0' '\377' >"$work/noise.bpf"
head -c 13 /dev/zero >"$work/odd.bpf"
: >"$work/empty.json"
: >"$work/empty.bpf"
mkdir "$work/folder.json"
compile=("$CALLGATE" compile -o "$work/out.bpf")
wrong 'truncated JSON' 2 json-syntax "${compile[@]}" "$work/truncated.json"
wrong 'an unknown name' 2 oci-unknown-syscall "${compile[@]}" "$work/name.json"
wrong 'an unknown action' 2 oci-unknown-action "${compile[@]}" "$work/action.json"
wrong 'a member twice' 2 json-duplicate "${compile[@]}" "$work/twice.json"
wrong 'an argument index of 6' 2 oci-arg-index "${compile[@]}" "$work/index.json"
wrong '10 MB of [' 2 json-depth "${compile[@]}" "$work/deep.json"
wrong 'noise as a profile' 2 json-syntax "${compile[@]}" "$work/noise.json"
wrong 'noise as a filter' 2 bpf-invalid "$CALLGATE" show "$work/noise.bpf"
wrong 'a filter of 13 bytes' 2 bpf-size "$CALLGATE" show "$work/odd.bpf"
wrong 'an empty filter' 2 bpf-size "$CALLGATE" show "$work/empty.bpf"
wrong 'an empty profile' 2 json-empty "${compile[@]}" "$work/empty.json"
wrong 'a folder as a profile' 2 file-read "${compile[@]}" "$work/folder.json"
wrong 'a file that is not there' 2 file-read "${compile[@]}" "$work/nothing.json"
wrong 'a name that is nowhere' 2 source-not-found "${compile[@]}" nowhere-at-all
wrong 'a trace as a profile' 2 oci-missing "${compile[@]}" <(echo '{"callgate-trace": 1}')
wrong 'a profile as a trace' 2 trace-missing "$CALLGATE" learn -o "$work/out.json" "$work/good.json"
wrong 'a folder that is not there' 2 file-write "$CALLGATE" compile -o "$work/nowhere/out.bpf" "$work/good.json"
wrong 'a wrong option' 2 usage-option "$CALLGATE" compile --frobnicate "$work/good.json"
wrong 'a wrong verb' 2 usage-verb "$CALLGATE" frobnicate
wrong 'a wrong ABI' 2 usage-abi "$CALLGATE" compile --abi=vax -o "$work/out.bpf" "$work/good.json"
if [ "$(id -u)" = 0 ]; then
	cp "$work/good.json" "$work/secret.json"
	chmod 600 "$work/secret.json"
	wrong 'a file that may not be read' 2 file-read setpriv --reuid=65534 --clear-groups "${compile[@]}" "$work/secret.json"
else
	skip 'a file that may not be read' 'needs root'
fi

# Programs that cannot be started, as env(1): 126 and 127.
printf 'not a program\n' >"$work/noelf"
chmod 755 "$work/noelf"
printf '#!/bin/sh\n' >"$work/noexec"
for verb in run record; do
	command=("$CALLGATE" run "$work/good.json" --)
	[ "$verb" = record ] && command=("$CALLGATE" record -o "$work/out.trace" --)
	broken=exec-failed
	[ "$verb" = record ] && broken=record-exec-format
	wrong "$verb: a command that is not there" 127 command-not-found "${command[@]}" "$work/nothing"
	wrong "$verb: a command that is nowhere in PATH" 127 command-not-found "${command[@]}" callgate-no-such-command
	wrong "$verb: a file that is not executable" 126 command-not-executable "${command[@]}" "$work/noexec"
	wrong "$verb: a folder" 126 command-not-executable "${command[@]}" "$work"
	wrong "$verb: not an ELF file" 126 "$broken" "${command[@]}" "$work/noelf"
done
wrong 'run: a wrong profile' 125 oci-unknown-action "$CALLGATE" run "$work/action.json" -- true
wrong 'run: no command' 125 usage-operands "$CALLGATE" run "$work/good.json"
status 'a full disk is an error' 2 bash -c "'$CALLGATE' syscall >/dev/full"
