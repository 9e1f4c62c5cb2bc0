/* SPDX-License-Identifier: Apache-2.0 */
/* A script that starts a program with setpriv(1) of util-linux 2.41 or newer, which loads filters. */
#include "format/script.h"

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	format_script_head(out, "by setpriv of util-linux 2.41 or newer", "COMMAND [ARG...]", text);
	buf_puts(text, "exec setpriv --no-new-privs --seccomp-filter /proc/self/fd/9 -- \"$@\"\n");
	return text->error ? diag_oom(diags) : 0;
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	static const struct profile_abilities filter = FORMAT_FILTER_ABILITIES("setpriv", "setpriv-cannot");

	(void)out;
	return &filter;
}

const struct format format_setpriv = {
	.name = "setpriv",
	.written = "a script that starts a program under setpriv with the compiled filter",
	.wants_filter = true,
	.executable = true,
	.starts = true,
	.abilities = abilities,
	.export = export,
};
