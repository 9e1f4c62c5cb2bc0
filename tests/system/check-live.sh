#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# callgate check --tests --live: the kernel agrees with what the policy means, and nothing that it allows is executed.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

cat >"$work/policy.json" <<'JSON'
{ "defaultAction": "SCMP_ACT_ERRNO", "syscalls": [
  { "names": ["read", "exit_group", "kill"], "action": "SCMP_ACT_ALLOW" },
  { "names": ["ptrace"], "action": "SCMP_ACT_KILL_PROCESS" },
  { "names": ["acct"], "action": "SCMP_ACT_TRAP" },
  { "names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38 } ] }
JSON
printf '%s\n' 'allow read' 'allow exit_group(3)' "allow kill($$, SIGKILL)" 'kill ptrace' 'trap acct' 'errno ENOSYS clone3' 'deny mount' >"$work/a.tests"
if out=$("$CALLGATE" check --tests "$work/a.tests" --live "$work/policy.json" 2>&1) && grep -q '^# [1-9][0-9]* calls were put to the kernel' <<<"$out"; then
	echo "ok check-live: the kernel answers what the policy means"
else
	echo "not ok check-live: $(tr '\n' ';' <<<"$out")"
fi
