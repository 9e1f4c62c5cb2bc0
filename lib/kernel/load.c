/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Loads a filter into the calling thread. Two rules: what the kernel refuses is never tried again with less, because a flag that
 * silently goes missing is a weaker sandbox; and after the filter is in force nothing here makes another system call, because
 * the filter may not allow it.
 */
#include "kernel/kernel.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/util.h"

_Static_assert(sizeof(struct callgate_insn) == sizeof(struct sock_filter), "callgate_insn is sock_filter");
_Static_assert(offsetof(struct callgate_insn, k) == offsetof(struct sock_filter, k), "layout");

static const struct flag {
	unsigned bit;
	const char *name, *since;
} load_flags[] = {
	{ CALLGATE_LOAD_TSYNC, "SECCOMP_FILTER_FLAG_TSYNC", "3.17" },
	{ CALLGATE_LOAD_LOG, "SECCOMP_FILTER_FLAG_LOG", "4.14" },
	{ CALLGATE_LOAD_SPEC_ALLOW, "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "4.17" },
	{ CALLGATE_LOAD_NEW_LISTENER, "SECCOMP_FILTER_FLAG_NEW_LISTENER", "5.0" },
	{ CALLGATE_LOAD_TSYNC_ESRCH, "SECCOMP_FILTER_FLAG_TSYNC_ESRCH", "5.7" },
	{ CALLGATE_LOAD_WAIT_KILLABLE, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "5.19" },
};
#define ALL_FLAGS 0x3fu

static bool has(unsigned flags, unsigned wanted)
{
	return (flags & wanted) == wanted;
}

/* Combinations that no kernel takes; NULL when there is nothing wrong. */
static const char *bad_combination(unsigned flags)
{
	if (flags & ~ALL_FLAGS)
		return "a flag that Callgate does not know was asked for";
	if (has(flags, CALLGATE_LOAD_WAIT_KILLABLE) && !has(flags, CALLGATE_LOAD_NEW_LISTENER))
		return "WAIT_KILLABLE_RECV is about a listener: ask for NEW_LISTENER too";
	if (has(flags, CALLGATE_LOAD_NEW_LISTENER | CALLGATE_LOAD_TSYNC) && !has(flags, CALLGATE_LOAD_TSYNC_ESRCH))
		return "NEW_LISTENER and TSYNC both want the answer of the call: together they need TSYNC_ESRCH";
	return NULL;
}

/* The kernel said EINVAL: to which flag, or to the program? */
static int explain_invalid(unsigned flags, struct callgate_diags *diags)
{
	struct callgate_features features;
	struct utsname name = { .release = "unknown" };
	int r = kernel_probe(&features);

	if (r < 0)
		return diag_error(diags, -EINVAL, "load-invalid", DIAG_NOWHERE, "the kernel refused the filter");
	if (!features.filter && !features.uncertain)
		return diag_error(diags, -ENOSYS, "load-unsupported", DIAG_NOWHERE,
				  "this kernel was built without seccomp filters (CONFIG_SECCOMP_FILTER)");
	(void)uname(&name);
	for (size_t i = 0; i < ARRAY_SIZE(load_flags); i++)
		if (flags & load_flags[i].bit & ~features.flags)
			return diag_error(diags, -EINVAL, "load-flag", DIAG_NOWHERE,
					  "this kernel (%s) does not know %s, which came with Linux %s; the filter was not loaded "
					  "without it, because that would be a weaker one",
					  name.release, load_flags[i].name, load_flags[i].since);
	return diag_error(diags, -EINVAL, "load-invalid", DIAG_NOWHERE,
			  "the kernel refused the program: it is not a valid seccomp filter");
}

static int explain_thread(long tid, struct callgate_diags *diags)
{
	static const char advice[] =
		"its filters are not those of the calling thread, so that it could not follow (SECCOMP_FILTER_FLAG_TSYNC). No "
		"thread was changed. Load filters before starting threads, or always with TSYNC";

	if (tid > 0)
		return diag_error(diags, -EBUSY, "load-tsync", DIAG_NOWHERE, "thread %ld stands in the way: %s", tid, advice);
	return diag_error(diags, -EBUSY, "load-tsync", DIAG_NOWHERE, "a thread stands in the way: %s", advice);
}

static int explain(int error, unsigned flags, struct callgate_diags *diags)
{
	switch (error) {
	case EINVAL:
		return explain_invalid(flags, diags);
	case ENOSYS:
		return diag_error(diags, -ENOSYS, "load-unsupported", DIAG_NOWHERE,
				  "there is no seccomp(2) here: the kernel is older than 3.17 or built without CONFIG_SECCOMP, or a "
				  "filter around this process hides it");
	case EACCES:
		return diag_error(diags, -EACCES, "load-privilege", DIAG_NOWHERE,
				  "a filter needs no_new_privs (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)) or CAP_SYS_ADMIN in this user "
				  "namespace; otherwise it could subvert setuid programs");
	case ENOMEM:
		return diag_error(diags, -ENOMEM, "load-budget", DIAG_NOWHERE,
				  "the filters of this process would be too large together: the kernel's budget is 32768 instructions "
				  "(after its own translation) with 4 more for each filter, or memory ran out");
	case EBUSY:
		return diag_error(diags, -EBUSY, "load-listener", DIAG_NOWHERE,
				  "this process is already supervised: one of its filters has a listener, and the kernel allows one "
				  "for a chain of filters");
	case ESRCH:
		return explain_thread(0, diags);
	case EFAULT:
		return diag_error(diags, -EFAULT, "load-invalid", DIAG_NOWHERE, "the program could not be read by the kernel");
	default:
		return diag_error(diags, -error, "load-refused", DIAG_NOWHERE,
				  "the filter could not be loaded: %s. A filter or a security module around this process may refuse "
				  "seccomp(2)", strerrordesc_np(error));
	}
}

int kernel_load(const struct callgate_insn *insns, size_t count, unsigned flags, struct callgate_diags *diags)
{
	struct sock_fprog program = { .len = (unsigned short)count, .filter = (struct sock_filter *)insns };
	const char *wrong = bad_combination(flags);
	long r;

	if (!count || count > CALLGATE_INSNS_MAX)
		return diag_error(diags, -EINVAL, "load-invalid", DIAG_NOWHERE,
				  "a filter has 1 to %d instructions, this one has %zu", CALLGATE_INSNS_MAX, count);
	if (wrong)
		return diag_error(diags, -EINVAL, "load-flag", DIAG_NOWHERE, "%s", wrong);
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	if (r == 0 || (r > 0 && has(flags, CALLGATE_LOAD_NEW_LISTENER)))
		return (int)r;
	/* Not loaded, so that system calls are free again. */
	return r > 0 ? explain_thread(r, diags) : explain(errno, flags, diags);
}
