/* SPDX-License-Identifier: Apache-2.0 */
/* One recording with its progress line and its workload: what record and harden share. */
#include "cli.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

struct recording {
	const char *what;
	bool show, live;     /* may a progress line be shown; is one standing on the terminal */
	int workload;        /* pipe that brings the workload's wait status when it ends; -1 without one */
	int workload_status; /* -1 while it runs */
};

/*
 * The workload runs under a small process of its own that reports its status through a pipe: the recorder reaps every
 * process that ends below it, so that waiting for the workload here would race with it.
 */
static int start_workload(const char *command)
{
	int ends[2], status;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid < 0) {
		close(ends[0]);
		close(ends[1]);
		return -errno;
	}
	if (pid) {
		close(ends[1]);
		return ends[0];
	}
	signal(SIGCHLD, SIG_DFL);
	status = system(command);
	if (write(ends[1], &status, sizeof(status)) != sizeof(status))
		_exit(CLI_TROUBLE);
	_exit(0);
}

static bool workload_ended(struct recording *recording)
{
	int status;
	ssize_t n;

	if (recording->workload < 0 || recording->workload_status >= 0)
		return recording->workload_status >= 0;
	n = read(recording->workload, &status, sizeof(status));
	if (n < 0 && errno == EAGAIN)
		return false;
	recording->workload_status = n == sizeof(status) ? status : 256;
	return true;
}

static int on_progress(void *user, const struct callgate_record_progress *p)
{
	struct recording *recording = user;

	if (recording->show) {
		recording->live = true;
		fprintf(stderr, "\r\033[K%s: %.0f s, %llu calls, %zu distinct, last new one %.0f s ago%s", recording->what,
			p->seconds, (unsigned long long)p->calls, p->distinct, p->since_new, p->lost ? ", SOME LOST" : "");
		fflush(stderr);
	}
	return workload_ended(recording);
}

static int finish(struct cli *cli, struct recording *recording, int r)
{
	if (recording->live)
		fputs("\r\033[K", stderr);
	if (recording->workload < 0)
		return r;
	close(recording->workload);
	if (r < 0)
		return r;
	if (recording->workload_status < 0)
		return cli_error(cli, "workload-cut", "the command ended before its workload did: what was recorded is not the whole of it"), -ECANCELED;
	if (recording->workload_status)
		return cli_error(cli, "workload-failed", "the workload failed (status %d): what was recorded is not a normal run",
				 cli_status_of(recording->workload_status)), -ECANCELED;
	return r;
}

int cli_record(struct cli *cli, const struct cli_recording *what, const struct callgate_profile *trial,
	       const struct callgate_target *target, struct callgate_trace **ret_trace, struct callgate_record_result *ret_result)
{
	struct recording recording = {
		.what = what->what,
		.show = !cli->quiet && !cli->json && isatty(STDERR_FILENO),
		.workload = -1,
		.workload_status = -1,
	};
	struct callgate_record_options options = {
		.argv = what->argv,
		.pid = what->pid,
		.unit = what->unit,
		.cgroup = what->cgroup,
		.container = what->container,
		.backend = what->backend,
		.keep_privileges = what->keep_privileges,
		.until_seconds = what->until_seconds,
		.progress = on_progress,
		.user = &recording,
		.trial = trial,
		.trial_target = target,
	};
	int r;

	fflush(NULL);
	if (what->workload) {
		recording.workload = start_workload(what->workload);
		if (recording.workload < 0)
			return cli_error(cli, "workload-failed", "the workload cannot be started: %s", strerror(-recording.workload)), recording.workload;
		fcntl(recording.workload, F_SETFL, O_NONBLOCK);
	}
	r = callgate_record(&options, ret_trace, ret_result, cli->diags);
	return finish(cli, &recording, r);
}

int cli_status_of(int wait_status)
{
	return WIFSIGNALED(wait_status) ? 128 + WTERMSIG(wait_status) : WEXITSTATUS(wait_status);
}

int cli_exec_status(int error)
{
	return error == -ENOENT ? 127 : error == -EACCES || error == -ENOEXEC || error == -EISDIR || error == -ENOTDIR ? 126 : 125;
}
