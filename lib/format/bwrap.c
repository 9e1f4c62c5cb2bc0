/* SPDX-License-Identifier: Apache-2.0 */
/* A script that starts a program under bubblewrap, bwrap(1), with a filter. */
#include "format/script.h"

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	format_script_head(out, "in bubblewrap", "[BWRAP-OPTION...] COMMAND [ARG...]", text);
	buf_puts(text, "# Without options the program sees everything that it would see without bubblewrap.\n"
		       "case $1 in\n"
		       "-*) exec bwrap --seccomp 9 \"$@\" ;;\n"
		       "*) exec bwrap --dev-bind / / --seccomp 9 -- \"$@\" ;;\n"
		       "esac\n");
	return text->error ? diag_oom(diags) : 0;
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	static const struct profile_abilities filter = FORMAT_FILTER_ABILITIES("bubblewrap", "bwrap-cannot");

	(void)out;
	return &filter;
}

const struct format format_bwrap = {
	.name = "bwrap",
	.written = "a script that starts a program under bubblewrap with the compiled filter",
	.wants_filter = true,
	.executable = true,
	.starts = true,
	.abilities = abilities,
	.export = export,
};
