/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Raw classic BPF: struct sock_filter after struct sock_filter, as `callgate compile` and the kernel's own
 * PTRACE_SECCOMP_GET_FILTER write it. The bytes are in this machine's order: a program dumped on a machine of the other order
 * is refused by filter_check with all but certainty, since its opcodes read as nonsense.
 */
#include "format/format.h"

static int check_size(size_t size, const char *file, struct callgate_diags *diags)
{
	if (!size)
		return diag_error(diags, -EBADMSG, "bpf-size", DIAG_FILE(file), "the file is empty: a filter has at least one instruction");
	if (size % sizeof(struct callgate_insn))
		return diag_error(diags, -EBADMSG, "bpf-size", DIAG_FILE(file),
				  "%zu bytes are not a whole number of 8-byte instructions: the file is cut or is not raw BPF", size);
	if (size / sizeof(struct callgate_insn) > CALLGATE_INSNS_MAX)
		return diag_error(diags, -EBADMSG, "bpf-size", DIAG_FILE(file), "%zu instructions; the kernel takes at most %u",
				  size / sizeof(struct callgate_insn), CALLGATE_INSNS_MAX);
	return 0;
}

int bpf_read(const void *bytes, size_t size, const char *file, struct callgate_filter **ret_filter, struct callgate_diags *diags)
{
	_cleanup_(filter_freep) struct callgate_filter *filter = NULL;
	int r = check_size(size, file, diags);

	if (r)
		return r;
	r = filter_new(size / sizeof(struct callgate_insn), &filter);
	if (r)
		return r == -ENOMEM ? diag_oom(diags) : r;
	memcpy(filter->insns, bytes, size);
	filter->big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
	r = filter_check(filter->insns, filter->count, file, diags);
	if (r)
		return r;
	*ret_filter = take_ptr(filter);
	return 0;
}

/* A zero byte stands in every program (jt and jf of the loads), and in no text. */
static bool detect(const char *bytes, size_t size)
{
	return size && size % sizeof(struct callgate_insn) == 0 && memchr(bytes, 0, size);
}

static int import(const struct format_input *input, struct callgate_policy **ret_policy, struct callgate_diags *diags)
{
	struct callgate_filter *filter;
	int r = bpf_read(input->bytes, input->size, input->file, &filter, diags);

	if (!r && policy_from_filter(input->file, filter, ret_policy))
		r = diag_oom(diags);
	return r;
}

static int export(const struct format_output *out, struct buf *text, struct callgate_diags *diags)
{
	buf_put(text, out->filter->insns, out->filter->count * sizeof(*out->filter->insns));
	return text->error ? diag_oom(diags) : 0;
}

static const struct profile_abilities *abilities(const struct format_output *out)
{
	static const struct profile_abilities filter = FORMAT_FILTER_ABILITIES("a raw filter", "bpf-cannot");

	(void)out;
	return &filter;
}

const struct format format_bpf = {
	.name = "bpf",
	.help = "raw classic BPF, as PTRACE_SECCOMP_GET_FILTER gives it",
	.extensions = ".bpf",
	.detect = detect,
	.import = import,
	.written = "the compiled filter, raw",
	.wants_filter = true,
	.binary = true,
	.abilities = abilities,
	.export = export,
};
