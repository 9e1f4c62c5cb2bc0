/* SPDX-License-Identifier: Apache-2.0 */
/* A filter as a C header that stands for itself: no other file of Callgate is needed to use it. */
#include "format/format.h"

static bool is_identifier(const char *name)
{
	if (!name || !*name || (*name >= '0' && *name <= '9'))
		return false;
	return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")] == '\0';
}

static void put_abis(const struct callgate_filter *filter, struct buf *out)
{
	const char *separator = "";

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		if (!(filter->abis & CALLGATE_ABI_BIT(abi)))
			continue;
		buf_printf(out, "%s%s", separator, arch_abi_get(abi)->name);
		separator = ", ";
	}
	if (!*separator)
		buf_puts(out, "whatever ABIs the program tests for");
}

int format_write_header(const struct callgate_filter *filter, const char *name, struct buf *out, struct callgate_diags *diags)
{
	if (!is_identifier(name))
		return diag_error(diags, -EINVAL, "header-name", DIAG_NOWHERE,
				  "the name of the array must be a C identifier: letters, digits and _, not starting with a digit");
	buf_puts(out, "/* Seccomp filter for ");
	put_abis(filter, out);
	buf_printf(out, ", %zu instructions; made by callgate.\n"
			" * struct sock_fprog prog = { .len = sizeof(%s) / sizeof(%s[0]), .filter = (struct sock_filter *)%s };\n"
			" */\n"
			"#ifndef CALLGATE_FILTER_%s_H\n"
			"#define CALLGATE_FILTER_%s_H\n\n"
			"#include <linux/filter.h>\n\n"
			"static const struct sock_filter %s[] = {\n",
		   filter->count, name, name, name, name, name, name);
	for (size_t i = 0; i < filter->count; i++) {
		const struct callgate_insn *insn = &filter->insns[i];

		buf_printf(out, "\t{ 0x%02x, %u, %u, 0x%08x }, /* %zu: ", insn->code, insn->jt, insn->jf, insn->k, i);
		filter_format_insn(insn, i, out);
		buf_puts(out, " */\n");
	}
	buf_puts(out, "};\n\n#endif\n");
	return out->error ? diag_oom(diags) : 0;
}

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	return format_write_header(out->filter, out->name ? out->name : FORMAT_HEADER_NAME, text, diags);
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	static const struct profile_abilities filter = FORMAT_FILTER_ABILITIES("a C header", "header-cannot");

	(void)out;
	return &filter;
}

const struct format format_header = {
	.name = "header",
	.written = "a C header with the compiled filter",
	.wants_filter = true,
	.abilities = abilities,
	.export = export,
};
