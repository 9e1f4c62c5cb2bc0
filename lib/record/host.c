/* SPDX-License-Identifier: Apache-2.0 */
/* What recording changes of the calling process, and puts back. */
#include "record/session.h"

#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <unistd.h>

static const int host_signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGCHLD };

static int fail(struct callgate_diags *diags, const char *what)
{
	int error = errno;

	return diag_error(diags, -error, "record-start", DIAG_NOWHERE, "%s: %s", what, strerrordesc_np(error));
}

int host_enter(struct host *host, struct callgate_diags *diags)
{
	/* A process that ignores SIGCHLD would not be told how its children ended. */
	struct sigaction keep_status = { .sa_handler = SIG_DFL };
	sigset_t set;
	int r;

	*host = (struct host){ .signals = -1 };
	sigemptyset(&set);
	for (size_t i = 0; i < ARRAY_SIZE(host_signals); i++)
		sigaddset(&set, host_signals[i]);
	r = pthread_sigmask(SIG_BLOCK, &set, &host->mask);
	if (r) {
		errno = r;
		return fail(diags, "signals cannot be blocked");
	}
	host->entered = true;
	if (sigaction(SIGCHLD, &keep_status, &host->sigchld) < 0 || prctl(PR_GET_CHILD_SUBREAPER, &host->subreaper, 0, 0, 0) < 0 ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
		return fail(diags, "this process cannot become the keeper of its descendants");
	host->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return host->signals < 0 ? fail(diags, "signals cannot be read from a descriptor") : 0;
}

void host_leave(struct host *host)
{
	if (!host->entered)
		return;
	close_fd(&host->signals);
	prctl(PR_SET_CHILD_SUBREAPER, host->subreaper, 0, 0, 0);
	sigaction(SIGCHLD, &host->sigchld, NULL);
	/* A SIGTERM that came after the last look strikes now, as it should. */
	pthread_sigmask(SIG_SETMASK, &host->mask, NULL);
	host->entered = false;
}

void host_restore_in_child(const struct host *host)
{
	/* The caller's handlers must not run here; execve(2) would drop them anyway. Ignored signals stay ignored. */
	for (int i = 1; i < NSIG; i++) {
		struct sigaction action;

		if (sigaction(i, NULL, &action) == 0 && action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN) {
			action = (struct sigaction){ .sa_handler = SIG_DFL };
			sigaction(i, &action, NULL);
		}
	}
	if (host->sigchld.sa_handler == SIG_IGN)
		sigaction(SIGCHLD, &host->sigchld, NULL);
	sigprocmask(SIG_SETMASK, &host->mask, NULL);
}
