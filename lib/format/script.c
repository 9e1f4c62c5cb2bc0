/* SPDX-License-Identifier: Apache-2.0 */
/* What the formats share that carry a filter as text. */
#include "format/script.h"

void format_base64(const void *bytes, size_t size, size_t columns, struct buf *out)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *in = bytes;
	size_t column = 0;

	for (size_t i = 0; i < size; i += 3) {
		uint32_t word = (uint32_t)in[i] << 16 | (i + 1 < size ? (uint32_t)in[i + 1] << 8 : 0) | (i + 2 < size ? in[i + 2] : 0);
		char text[4];

		for (unsigned j = 0; j < 4; j++)
			text[j] = i + j > size ? '=' : digits[word >> (18 - 6 * j) & 63];
		buf_put(out, text, sizeof(text));
		column += sizeof(text);
		if (columns && column >= columns) {
			buf_puts(out, "\n");
			column = 0;
		}
	}
	if (columns && column)
		buf_puts(out, "\n");
}

static void put_abis(unsigned abis, struct buf *out)
{
	const char *separator = "";

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (!(abis & CALLGATE_ABI_BIT(abi)))
			continue;
		buf_printf(out, "%s%s", separator, arch_abi_get(abi)->name);
		separator = ", ";
	}
}

void format_script_head(const struct format_output *out, const char *what, const char *operands, struct buf *text)
{
	const struct callgate_filter *filter = out->filter;

	buf_printf(text,
		   "#!/bin/sh\n"
		   "# Starts a program %s, under a seccomp filter: SCRIPT %s\n"
		   "# The filter: %zu instructions for ",
		   what, operands, filter->count);
	put_abis(filter->abis, text);
	buf_printf(text,
		   "; made by callgate.\n"
		   "set -eu\n"
		   "if [ $# -eq 0 ]; then\n"
		   "\techo \"usage: $0 %s\" >&2\n"
		   "\texit 2\n"
		   "fi\n"
		   "# Descriptor 9 holds the filter; its file is gone before anything is started.\n"
		   "file=$(mktemp)\n"
		   "trap 'rm -f \"$file\"' EXIT\n"
		   "trap 'exit 1' HUP INT TERM\n"
		   "base64 -d >\"$file\" <<'END'\n",
		   operands);
	format_base64(filter->insns, filter->count * sizeof(*filter->insns), 100, text);
	buf_puts(text, "END\n"
		       "exec 9<\"$file\"\n"
		       "rm -f \"$file\"\n"
		       "trap - EXIT HUP INT TERM\n");
}
