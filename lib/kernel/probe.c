/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the running kernel can do, asked in ways that change nothing. The program pointer of every probe is NULL: a kernel that
 * knows the flags gets as far as reading it (EFAULT), one that does not stops before (EINVAL). Any other answer comes from
 * something between us and the kernel's code, such as a filter, and is reported as not known rather than guessed.
 */
#include "kernel/kernel.h"

#include <linux/capability.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "base/util.h"

#define VERSION(major, minor) ((major) << 16 | (minor) << 8)

/* The kernel's flags are the public ones, bit for bit; the newer names are not in every distribution's headers. */
_Static_assert(CALLGATE_LOAD_TSYNC == SECCOMP_FILTER_FLAG_TSYNC, "flag");
_Static_assert(CALLGATE_LOAD_LOG == SECCOMP_FILTER_FLAG_LOG, "flag");
_Static_assert(CALLGATE_LOAD_SPEC_ALLOW == SECCOMP_FILTER_FLAG_SPEC_ALLOW, "flag");
_Static_assert(CALLGATE_LOAD_NEW_LISTENER == SECCOMP_FILTER_FLAG_NEW_LISTENER, "flag");

/* Flags are asked for one by one, except where the kernel takes one only beside another. */
static const unsigned asked_flags[][2] = {
	/* flag, asked as */
	{ CALLGATE_LOAD_TSYNC, CALLGATE_LOAD_TSYNC },
	{ CALLGATE_LOAD_LOG, CALLGATE_LOAD_LOG },
	{ CALLGATE_LOAD_SPEC_ALLOW, CALLGATE_LOAD_SPEC_ALLOW },
	{ CALLGATE_LOAD_NEW_LISTENER, CALLGATE_LOAD_NEW_LISTENER },
	{ CALLGATE_LOAD_TSYNC_ESRCH, CALLGATE_LOAD_TSYNC_ESRCH },
	{ CALLGATE_LOAD_WAIT_KILLABLE, CALLGATE_LOAD_NEW_LISTENER | CALLGATE_LOAD_WAIT_KILLABLE },
};

static bool flags_exist(unsigned flags, bool *uncertain)
{
	long r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL);

	if (r == 0 || (errno != EFAULT && errno != EINVAL && errno != ENOSYS))
		*uncertain = true;
	return r < 0 && errno == EFAULT;
}

static bool action_exists(uint32_t action, bool *uncertain)
{
	if (syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0)
		return true;
	/* EINVAL: a kernel before 4.14, which has no such question */
	if (errno != EOPNOTSUPP && errno != EINVAL && errno != ENOSYS)
		*uncertain = true;
	return false;
}

bool kernel_has_capability(unsigned capability)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	if (syscall(SYS_capget, &header, data) < 0)
		return false;
	return data[CAP_TO_INDEX(capability)].effective & CAP_TO_MASK(capability);
}

/* "6.1.0-18-amd64": major << 16 | minor << 8 | patch; 0 when it does not look like that. */
static unsigned parse_version(const char *release)
{
	unsigned major = 0, minor = 0, patch = 0;

	if (sscanf(release, "%3u.%3u.%4u", &major, &minor, &patch) < 2)
		return 0;
	return major << 16 | MIN(minor, 255u) << 8 | MIN(patch, 255u);
}

static void probe_self(struct callgate_features *f)
{
	int mode = prctl(PR_GET_SECCOMP, 0, 0, 0, 0);
	int nnp = prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0);

	/* Without CONFIG_SECCOMP the answer is EINVAL; a filter may answer anything. */
	if (mode < 0 && errno != EINVAL)
		f->uncertain = true;
	f->filtered = mode == SECCOMP_MODE_FILTER;
	f->no_new_privs = nnp == 1;
	f->can_skip_nnp = kernel_has_capability(CAP_SYS_ADMIN);
}

int kernel_probe(struct callgate_features *ret)
{
	struct callgate_features f = { 0 };
	struct utsname name;

	if (uname(&name) < 0)
		return -errno;
	f.kernel = parse_version(name.release);
	probe_self(&f);
	f.filter = flags_exist(0, &f.uncertain);
	for (size_t i = 0; f.filter && i < ARRAY_SIZE(asked_flags); i++)
		if (flags_exist(asked_flags[i][1], &f.uncertain))
			f.flags |= asked_flags[i][0];
	f.kill_process = action_exists(CALLGATE_KILL_PROCESS, &f.uncertain);
	f.notify = action_exists(CALLGATE_NOTIFY, &f.uncertain);
	f.log = action_exists(CALLGATE_LOG, &f.uncertain);
	f.trap = action_exists(CALLGATE_TRAP, &f.uncertain);
	f.trace = action_exists(CALLGATE_TRACE(0), &f.uncertain);
	f.errno_ = action_exists(CALLGATE_ERRNO(0), &f.uncertain);
	/* There is no way to ask for this one but to be notified. */
	f.notify_continue = f.notify && f.kernel >= VERSION(5, 5);
	*ret = f;
	return 0;
}
