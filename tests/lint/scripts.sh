#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# No shell script has anything that shellcheck finds; Python compiles.
set -u
: "${SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
cd "$SOURCE" || exit 2
failed=0 shells=() pythons=()

while IFS= read -r -d '' file; do
	[ -f "$file" ] || continue
	case $file in tests/golden/*/* | tests/fuzz/corpus/*) continue ;; esac
	read -r first 2>/dev/null <"$file" || continue
	case $first in
	'#!'*[/\ ]sh | '#!'*[/\ ]bash) shells+=("$file") ;;
	'#!'*python3) pythons+=("$file") ;;
	esac
done < <(git ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -type f -print0)

if [ ${#shells[@]} -lt 3 ]; then
	echo "not ok scripts: only ${#shells[@]} shell scripts found"
	failed=1
elif ! command -v shellcheck >/dev/null; then
	echo 'skip scripts: shellcheck: it is not installed'
elif output=$(shellcheck --severity=info --exclude=SC2016 --external-sources "${shells[@]}" 2>&1); then
	echo "ok scripts: shellcheck on ${#shells[@]}"
else
	echo 'not ok scripts: shellcheck'
	sed 's/^/    /' <<<"$output"
	failed=1
fi
# Python 3.10 is the oldest we run on; compiled in memory, so that nothing is left behind.
if output=$(python3 -c 'import ast, sys
for name in sys.argv[1:]:
    ast.parse(open(name).read(), name, feature_version=(3, 10))' "${pythons[@]}" 2>&1); then
	echo "ok scripts: Python on ${#pythons[@]}"
else
	echo 'not ok scripts: Python'
	sed 's/^/    /' <<<"$output"
	failed=1
fi
exit $failed
