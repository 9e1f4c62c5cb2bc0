/* SPDX-License-Identifier: Apache-2.0 */
/* Tries one way of getting rid of a seccomp filter that refuses uname, then calls uname. Prints "uname ERRNO …". */
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sock_filter allow[] = { { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW } };
static struct sock_fprog program = { 1, allow };

static int try_uname(void)
{
	struct utsname name;

	return uname(&name) == 0 ? 0 : errno;
}

static void *in_thread(void *error)
{
	*(int *)error = try_uname();
	return NULL;
}

static void say(const char *what, long result)
{
	int error = result < 0 ? errno : 0;

	printf("uname %d %s: %s\n", try_uname(), what, error ? strerror(error) : "accepted");
}

static int drop_and_exec(const char *program_)
{
	if (setresgid(65534, 65534, 65534) || setresuid(65534, 65534, 65534)) {
		perror("setresuid");
		return 1;
	}
	execl(program_, program_, "as-setuid", NULL);
	perror(program_);
	return 1;
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "nothing";
	pthread_t thread;
	int error = 0;

	if (!strcmp(what, "seccomp-allow"))
		say("seccomp(2) with a filter that allows all", syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
	else if (!strcmp(what, "prctl-filter-allow"))
		say("prctl(2) with a filter that allows all", prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
	else if (!strcmp(what, "prctl-disabled"))
		say("prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED)", prctl(PR_SET_SECCOMP, SECCOMP_MODE_DISABLED, 0, 0, 0));
	else if (!strcmp(what, "prctl-strict"))
		say("prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT)", prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT, 0, 0, 0));
	else if (!strcmp(what, "unshare-user"))
		say("a new user namespace with all capabilities", unshare(CLONE_NEWUSER));
	else if (!strcmp(what, "thread") && pthread_create(&thread, NULL, in_thread, &error) == 0)
		printf("uname %d in a new thread\n", (pthread_join(thread, NULL), error));
	else if (!strcmp(what, "fork")) {
		if (fork() == 0) {
			printf("uname %d in a child\n", try_uname());
			return 0;
		}
		wait(NULL);
	} else if (!strcmp(what, "exec"))
		execl(argv[0], argv[0], "nothing", NULL);
	else if (!strcmp(what, "drop-and-exec") && argc > 2)
		return drop_and_exec(argv[2]);
	else if (!strcmp(what, "as-setuid"))
		printf("uname %d euid %d\n", try_uname(), (int)geteuid());
	else
		printf("uname %d as it is\n", try_uname());
	return 0;
}
