#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The public header stands alone, in C and C++, in pedantic mode.
: "${SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
failed=0

try() {
	name=$1
	shift
	if ! command -v "$1" >/dev/null; then
		echo "skip header: $name: $1 is not installed"
	elif output=$(printf '#include <callgate.h>\n#include <callgate.h>\nint main(void) { return callgate_version() == 0; }\n' |
		"$@" -pedantic-errors -Wall -Wextra -Werror -I"$SOURCE/include" -fsyntax-only - 2>&1); then
		echo "ok header: $name"
	else
		echo "not ok header: $name"
		echo "$output" | head -n 20 | sed 's/^/    /'
		failed=1
	fi
}

try 'C17, gcc' gcc -std=c17 -x c
try 'C17, clang' clang -std=c17 -x c
try 'C++17, gcc' g++ -std=c++17 -x c++
try 'C++17, clang' clang++ -std=c++17 -x c++
try 'C11, gcc' gcc -std=c11 -x c
exit $failed
