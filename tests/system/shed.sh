#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Nothing that a root process does afterwards removes or loosens a filter.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$work/deny.json" <<'JSON'
{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["uname"], "action": "SCMP_ACT_ERRNO", "errnoRet": 42}]}
JSON
for attempt in nothing seccomp-allow prctl-filter-allow prctl-disabled prctl-strict fork thread exec unshare-user; do
	out=$("$CALLGATE" run "$work/deny.json" -- "$PROGRAMS/shedder" "$attempt" 2>&1)
	case $out in
	'uname 42'*) ok "shed: $attempt: still refused (${out#uname 42 })" ;;
	skip*) skip "shed: $attempt" "${out#skip }" ;;
	*) not_ok "shed: $attempt: still refused" "$out" ;;
	esac
done

# A setuid program gains nothing under no_new_privs, and where privileges are kept the filter still holds.
if [ "$(id -u)" != 0 ]; then
	skip 'shed: setuid' 'needs root to make a setuid program'
	exit 0
fi
cp "$PROGRAMS/shedder" "$work/setuid-shedder"
chmod 4755 "$work/setuid-shedder"
if findmnt -no OPTIONS -T "$work" | grep -qw nosuid; then
	skip 'shed: setuid' "the temporary folder is on a nosuid file system"
	exit 0
fi
out=$("$CALLGATE" run "$work/deny.json" -- "$PROGRAMS/shedder" drop-and-exec "$work/setuid-shedder" 2>&1)
if [ "$out" = 'uname 42 euid 65534' ]; then ok 'shed: setuid program under no_new_privs: no root, still refused'; else not_ok 'shed: setuid program under no_new_privs: no root, still refused' "$out"; fi
out=$("$CALLGATE" run --keep-privileges "$work/deny.json" -- "$PROGRAMS/shedder" drop-and-exec "$work/setuid-shedder" 2>&1)
if [ "$out" = 'uname 42 euid 0' ]; then ok 'shed: setuid program with privileges kept: root, still refused'; else not_ok 'shed: setuid program with privileges kept: root, still refused' "$out"; fi
