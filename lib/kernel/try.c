/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts one call to the kernel under one filter, harmlessly. The child loads two filters. The first, older one answers every call with
 * MARKER, except for a seccomp(2) whose unused sixth argument is a random cookie: so the second, which is the one under test, can still be
 * loaded. From then on nothing that the child does is executed. Of two errno answers the kernel takes the newer filter's, so the
 * tested filter's own errno comes through; what it lets through comes back as MARKER. The child leaves what it saw in shared
 * memory and ends by an illegal instruction, since it can count on no call to end with.
 */
#include "kernel/kernel.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/util.h"

#define MARKER      3999 /* no error of Linux; below 4096, where the kernel cuts */
#define CPU_SECONDS 2    /* whatever goes wrong in the child ends here, by the kernel, without a system call */

struct seen {
	int failed; /* errno of what kept the child from asking */
	bool done;  /* the call came back */
	bool trapped;
	long value;
	int error; /* of the call, or the trap's data */
};

static struct seen *seen; /* of the child: for its signal handler */

static _Noreturn void end(void)
{
	for (;;)
		__builtin_trap();
}

static void on_trap(int signal, siginfo_t *info, void *context)
{
	(void)signal;
	(void)context;
	seen->trapped = true;
	seen->error = info->si_errno;
	end();
}

static long load(const struct sock_filter *insns, size_t count, uint64_t cookie)
{
	struct sock_fprog program = { .len = (unsigned short)count, .filter = (struct sock_filter *)insns };

	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program, 0, 0, cookie);
}

#define WORD(offset)        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (offset))
#define UNLESS(value, skip) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (value), 0, (skip))
#define COOKIE_AT           (offsetof(struct seccomp_data, args) + 5 * sizeof(uint64_t))

static long load_marker(uint64_t cookie)
{
	uint32_t words[2];
	struct sock_filter insns[] = {
		WORD(offsetof(struct seccomp_data, nr)),
		UNLESS(SYS_seccomp, 5),
		WORD(COOKIE_AT),
		UNLESS(0, 3),
		WORD(COOKIE_AT + 4),
		UNLESS(0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | MARKER),
	};

	memcpy(words, &cookie, sizeof(words));
	insns[3].k = words[0];
	insns[5].k = words[1];
	return load(insns, ARRAY_SIZE(insns), cookie);
}

static _Noreturn void child(const struct callgate_insn *insns, size_t count, const struct callgate_call *call, uint64_t cookie)
{
	struct sigaction action = { .sa_sigaction = on_trap, .sa_flags = SA_SIGINFO }, standard = { .sa_handler = SIG_DFL };
	const struct rlimit none = { 0, 0 }, seconds = { CPU_SECONDS, CPU_SECONDS };
	sigset_t nothing;

	sigemptyset(&nothing);
	seen->failed = EINVAL;
	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_CPU, &seconds) < 0 || sigaction(SIGSYS, &action, NULL) < 0 ||
	    sigaction(SIGILL, &standard, NULL) < 0 || sigaction(SIGSEGV, &standard, NULL) < 0 || sigaction(SIGTRAP, &standard, NULL) < 0 ||
	    sigprocmask(SIG_SETMASK, &nothing, NULL) < 0 || prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    load_marker(cookie) < 0 || load((const struct sock_filter *)insns, count, cookie) < 0) {
		seen->failed = errno;
		end();
	}
	seen->failed = 0;
	seen->value = syscall(call->nr, call->args[0], call->args[1], call->args[2], call->args[3], call->args[4], call->args[5]);
	seen->error = seen->value == -1 ? errno : 0;
	seen->done = true;
	end();
}

static int judge(const struct seen *found, int status, uint32_t *ret_action, struct callgate_diags *diags)
{
	if (found->failed)
		return diag_error(diags, -found->failed, "load-refused", DIAG_NOWHERE, "a filter could not be loaded to be tried: %s",
				  strerrordesc_np(found->failed));
	if (found->done && found->value == -1 && found->error == MARKER)
		*ret_action = CALLGATE_ALLOW;
	else if (found->done && (found->value == 0 || found->value == -1))
		*ret_action = CALLGATE_ERRNO((uint32_t)found->error);
	else if (found->trapped)
		*ret_action = CALLGATE_TRAP | (uint32_t)(found->error & 0xffff);
	else if (!found->done && WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS)
		*ret_action = CALLGATE_KILL_PROCESS;
	else
		return diag_error(diags, -EIO, "load-refused", DIAG_NOWHERE,
				  "the process that tried the filter ended unexpectedly (status 0x%x)", (unsigned)status);
	return 0;
}

int kernel_try(const struct callgate_insn *insns, size_t count, const struct callgate_call *call, uint32_t *ret_action,
	       struct callgate_diags *diags)
{
	struct seen *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint64_t cookie;
	pid_t pid;
	int status = 0, r = 0;

	if (shared == MAP_FAILED)
		return diag_oom(diags);
	if (getrandom(&cookie, sizeof(cookie), 0) != sizeof(cookie))
		r = diag_error(diags, -EIO, "load-refused", DIAG_NOWHERE, "there are no random numbers to try the filter with");
	pid = r ? -1 : fork();
	if (pid == 0) {
		seen = shared;
		child(insns, count, call, cookie);
	}
	if (pid < 0 && !r)
		r = diag_error(diags, -EAGAIN, "load-refused", DIAG_NOWHERE, "no process could be started to try the filter in");
	while (pid > 0 && waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			break;
	if (!r)
		r = judge(shared, status, ret_action, diags);
	munmap(shared, sizeof(*shared));
	return r;
}
