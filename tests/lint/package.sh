#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/run: timeout=600
# Building twice gives the same bytes; what is installed can be used through pkg-config, names no build folder, and can be taken away.
set -u
: "${SOURCE:=$(cd "$(dirname "$0")/../.." && pwd)}"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
failed=0

ok() { echo "ok package: $1"; }
not_ok() {
	echo "not ok package: $1${2:+: $2}"
	failed=1
}
check() {
	local name=$1
	shift
	if "$@" >"$work/log" 2>&1; then
		ok "$name"
	else
		not_ok "$name" "status $?"
		tail -n 30 "$work/log" | sed 's/^/    /'
	fi
}

# build NAME UMASK TZ: from a copy of the source in a folder of that name, into $work/NAME/root
build() {
	(
		set -e
		umask "$2"
		export TZ=$3 CC=gcc
		mkdir -p "$work/$1/source"
		cd "$SOURCE"
		{ git ls-files -z --cached --others --exclude-standard 2>/dev/null || find . -type f -not -path './build*' -print0; } |
			while IFS= read -r -d '' file; do if [ -f "$file" ]; then printf '%s\0' "$file"; fi; done |
			tar -c --null -T - | tar -x -C "$work/$1/source"
		cd "$work/$1"
		meson setup tree source --prefix=/usr --buildtype=release -Dtests=disabled
		ninja -C tree
		DESTDIR=$work/$1/root meson install -C tree --no-rebuild --quiet
	) >"$work/log" 2>&1 || {
		not_ok "builds ($1)"
		tail -n 40 "$work/log" | sed 's/^/    /'
		exit 1
	}
	ok "builds and installs ($1)"
}

build one 022 UTC
build another-place 077 Asia/Kathmandu
root=$work/one/root

# sums FOLDER: a line a file or link, with its contents
sums() { (cd "$1" && find . \( -type f -o -type l \) -print0 | sort -z | while IFS= read -r -d '' f; do
	if [ -L "$f" ]; then echo "$(readlink "$f")  $f"; else sha256sum "$f"; fi; done); }
sums "$root" >"$work/one.sums"
sums "$work/another-place/root" >"$work/another.sums"
if [ "$(grep -c . "$work/one.sums")" -lt 4 ]; then not_ok 'something is installed'; fi
check 'two builds give the same bytes' diff "$work/one.sums" "$work/another.sums"

if grep -rlaF -e "$work" -e "$SOURCE/" "$root" >"$work/log"; then
	not_ok 'no build folder in what is installed' "$(tr '\n' ' ' <"$work/log")"
else
	ok 'no build folder in what is installed'
fi
pc=$(find "$root" -name callgate.pc)
if [ -z "$pc" ]; then
	not_ok 'there is a pkg-config file'
else
	export PKG_CONFIG_PATH=${pc%/*} PKG_CONFIG_SYSROOT_DIR=$root
	cat >"$work/program.c" <<-'EOF'
		#include <callgate.h>
		#include <stdio.h>
		int main(void)
		{
			struct callgate_call call;
			char *text;
			if (callgate_call_parse("socket(AF_INET, SOCK_STREAM, 0)", callgate_abi_native(), &call, 0) < 0 || callgate_call_format(&call, &text) < 0)
				return 1;
			puts(text);
			return 0;
		}
	EOF
	# the flags are words
	# shellcheck disable=SC2046
	check 'a program builds through pkg-config' gcc -o "$work/program" "$work/program.c" $(pkg-config --cflags --libs callgate)
	library=$(find "$root" -name 'libcallgate.so' | head -n 1)
	check 'the program runs against the installed library' \
		bash -c "LD_LIBRARY_PATH='${library%/*}' '$work/program' | grep -q '^socket(AF_INET, SOCK_STREAM, '"
	if [ "$(pkg-config --modversion callgate)" = "$(LD_LIBRARY_PATH=${library%/*} "$root/usr/bin/callgate" --version | cut -d' ' -f2)" ]; then
		ok 'pkg-config and the command agree on the version'
	else
		not_ok 'pkg-config and the command agree on the version'
	fi
fi

check 'uninstalls' env DESTDIR="$root" ninja -C "$work/one/tree" uninstall
if [ -d "$root" ] && [ -n "$(find "$root" \( -type f -o -type l \))" ]; then
	not_ok 'uninstalling leaves nothing' "$(find "$root" -type f | head -n 5 | tr '\n' ' ')"
else
	ok 'uninstalling leaves nothing'
fi
exit $failed
