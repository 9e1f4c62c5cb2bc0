/* SPDX-License-Identifier: Apache-2.0 */
/*
 * For config.json of an OCI bundle: crun's annotation with the compiled filter, which takes the place of the JSON there, and the JSON, which
 * other runtimes read instead: they ignore the annotation.
 */
#include "format/oci.h"

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	_cleanup_(buf_done) struct buf seccomp = { 0 };
	int r = oci_write(out->profile, &seccomp, diags);

	if (r)
		return r;
	buf_puts(text, "{\n  \"annotations\": {\n    \"run.oci.seccomp_bpf_data\": \"");
	format_base64(out->filter->insns, out->filter->count * sizeof(*out->filter->insns), 0, text);
	buf_puts(text, "\"\n  },\n  \"linux\": {\n    \"seccomp\": ");
	for (const char *line = seccomp.text; *line;) { /* its own newlines are only between members: in strings they are escaped */
		size_t size = strcspn(line, "\n");

		buf_printf(text, "%s%.*s\n", line == seccomp.text ? "" : "    ", (int)size, line);
		line += size + (line[size] == '\n');
	}
	buf_puts(text, "  }\n}\n");
	return text->error ? diag_oom(diags) : 0;
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	/* guards are resolved, since a runtime would pass over them */
	static const struct profile_abilities crun = {
		.format = "the JSON of a bundle", .cannot = "crun-cannot", .defaults = ABILITY_ALL, .in_allow_list = ABILITY_ALL, .in_deny_list = ABILITY_ALL,
		.trace_max = 0xffff, .conditions = true, .value_max = UINT64_MAX, .literal = true, .unknown = true, .loading = true,
		.any_bad_arch = true,
	};

	(void)out;
	return &crun;
}

const struct format format_crun = {
	.name = "crun",
	.written = "for config.json: crun's annotation with the compiled filter, beside the JSON",
	.wants_filter = true,
	.abilities = abilities,
	.export = export,
};
