/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs to be recorded, in one file: argv[1] says which. getppid is the call that is counted, since nothing else makes it.
 * Exit 0 when the program saw what it should.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static char **self_argv;

static long number(int i)
{
	return self_argv[i] ? atol(self_argv[i]) : 0;
}

static void count(long n)
{
	while (n-- > 0)
		syscall(SYS_getppid);
}

static void *count_thread(void *n)
{
	count((long)n);
	return NULL;
}

static int wait_all(void)
{
	int status, bad = 0;

	while (wait(&status) > 0)
		bad |= status;
	return bad != 0;
}

static int count_in_threads(long n, long threads)
{
	pthread_t *t = calloc((size_t)threads, sizeof(*t));
	int r = t ? 0 : 1;

	for (long i = 0; !r && i < threads; i++)
		r = pthread_create(&t[i], NULL, count_thread, (void *)n);
	for (long i = 0; !r && i < threads; i++)
		r = pthread_join(t[i], NULL);
	free(t);
	return r;
}

/* calls N T F: N calls in each of T threads of each of F processes */
static int run_calls(void)
{
	for (long i = 0; i < number(4); i++)
		if (fork() == 0)
			_exit(count_in_threads(number(2), number(3)));
	return wait_all();
}

/* storm N: processes that hardly live */
static int run_storm(void)
{
	for (long i = 0; i < number(2); i++) {
		pid_t pid = fork();

		if (pid < 0)
			return 1;
		if (pid == 0) {
			count(1);
			_exit(0);
		}
		if (i % 50 == 49 && wait_all())
			return 1;
	}
	return wait_all();
}

/* chain N: N executions of itself, one call each */
static int run_chain(void)
{
	long n = number(2);
	char text[24];
	char *argv[] = { self_argv[0], "chain", text, NULL };

	if (n <= 0)
		return 0;
	count(1);
	snprintf(text, sizeof(text), "%ld", n - 1);
	execve("/proc/self/exe", argv, environ);
	return 1;
}

static pid_t vfork_once(void)
{
	char *argv[] = { self_argv[0], "chain", "1", NULL };
	pid_t pid = vfork();

	if (pid == 0) {
		execve("/proc/self/exe", argv, environ);
		_exit(1);
	}
	return pid;
}

/* vfork N: as posix_spawn does */
static int run_vfork(void)
{
	for (long i = 0; i < number(2); i++)
		if (vfork_once() < 0 || wait_all())
			return 1;
	return 0;
}

static int count_once(void *nothing)
{
	(void)nothing;
	syscall(SYS_getppid);
	return 0;
}

/* shared N: processes in the same memory, which are no threads */
static int run_shared(void)
{
	static char stack[64 << 10] __attribute__((aligned(16)));
	int status;

	for (long i = 0; i < number(2); i++) {
		pid_t pid = clone(count_once, stack + sizeof(stack), CLONE_VM | CLONE_FS | CLONE_FILES, NULL);

		/* no signal when it ends: a clone child, waited for as such */
		if (pid < 0 || waitpid(pid, &status, __WCLONE) != pid || status)
			return 1;
	}
	return 0;
}

static void *outlive(void *n)
{
	usleep(20000);
	count((long)n);
	_exit(0);
}

/* leader N: the first thread ends before the others */
static int run_leader(void)
{
	pthread_t t;

	if (pthread_create(&t, NULL, outlive, (void *)number(2)))
		return 1;
	pthread_exit(NULL);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int signal)
{
	(void)signal;
	alarms++;
}

/* Microseconds of `n` calls. */
static long time_calls(long n)
{
	struct timespec a, b;

	clock_gettime(CLOCK_MONOTONIC, &a);
	count(n);
	clock_gettime(CLOCK_MONOTONIC, &b);
	return (b.tv_sec - a.tv_sec) * 1000000 + (b.tv_nsec - a.tv_nsec) / 1000;
}

/* A signal every millisecond, or, where a call takes so long that none would ever get through, every 20 calls. */
static void start_alarms(long call_microseconds)
{
	long every = call_microseconds * 20 > 1000 ? call_microseconds * 20 : 1000;
	struct itimerval timer = { { every / 1000000, every % 1000000 }, { every / 1000000, every % 1000000 } };

	setitimer(ITIMER_REAL, &timer, NULL);
}

/* alarm N RESTART: calls under a storm of signals, until N of each; prints how many calls succeeded, and how many signals came */
static int run_alarm(void)
{
	struct sigaction action = { .sa_handler = on_alarm, .sa_flags = (int)number(3) ? SA_RESTART : 0 };
	long failed = 0, made = 101;
	pid_t parent = getppid();

	sigaction(SIGALRM, &action, NULL);
	start_alarms(time_calls(100) / 100);
	for (; alarms < number(2) || made < number(2); made++) {
		long r = syscall(SYS_getppid);

		if (r != parent && (r != -1 || errno != EINTR))
			return 1;
		failed += r != parent;
	}
	signal(SIGALRM, SIG_IGN);
	printf("%ld %ld\n", made - failed, (long)alarms);
	return fflush(stdout) || (number(3) && failed);
}

/* unknown: numbers that no table has, and on x86-64 one that only x32 has */
static int run_unknown(void)
{
	if (syscall(9999) != -1 || errno != ENOSYS)
		return 1;
	if (syscall(0x40000000 + SYS_getppid) == -1 && errno != ENOSYS)
		return 1;
	return syscall(-1) != -1 || errno != ENOSYS;
}

/* daemon N STATUS: calls made after the command has ended */
static int run_daemon(void)
{
	if (fork())
		_exit((int)number(3));
	setsid();
	if (fork())
		_exit(0);
	usleep(300000);
	count(number(2));
	return 0;
}

/* copy STATUS: standard input to standard output */
static int run_copy(void)
{
	char bytes[4096];
	ssize_t n;

	while ((n = read(0, bytes, sizeof(bytes))) > 0)
		if (write(1, bytes, (size_t)n) != n)
			return 1;
	return (int)number(2);
}

/* die SIGNAL */
static int run_die(void)
{
	raise((int)number(2));
	return 0;
}

/* descriptors: how many are open */
static int run_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	while (d && readdir(d))
		n++;
	return n - 3; /* ".", ".." and d itself */
}

static void on_term(int signal)
{
	(void)signal;
	_exit(42);
}

/* ready: says so, then waits for SIGTERM and exits with 42; SIGINT is nothing to it, as in an interactive shell */
static int run_ready(void)
{
	signal(SIGTERM, on_term);
	signal(SIGINT, on_alarm);
	if (write(1, "r", 1) != 1)
		return 1;
	for (;;)
		pause();
}

/* stubborn: two processes that only SIGKILL ends, one of them in a session of its own */
static int run_stubborn(void)
{
	signal(SIGTERM, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	if (fork() == 0)
		setsid();
	else if (write(1, "r", 1) != 1)
		return 1;
	for (;;)
		pause();
}

/* linger: processes in several generations that call the kernel for ever, and end only when calls fail */
static int run_linger(void)
{
	if (fork() == 0) {
		setsid();
		fork();
		while (syscall(SYS_getppid) > 0)
			sched_yield();
		_exit(0);
	}
	if (write(1, "r", 1) != 1)
		return 1;
	for (;;)
		count(1);
}

/* denied N: N calls, all of which are refused with EPERM */
static int run_denied(void)
{
	for (long i = 0; i < number(2); i++)
		if (syscall(SYS_getppid) != -1 || errno != EPERM)
			return 1;
	return 0;
}

/* bomb DEPTH: a full binary tree of processes, each of which makes one call: 2^(DEPTH + 1) - 1 */
static int run_bomb(void)
{
	for (long depth = number(2); depth > 0; depth--) {
		pid_t left = fork(), right = left > 0 ? fork() : 1;

		if (left < 0 || right < 0)
			return 1;
		if (left && right) {
			count(1);
			return wait_all();
		}
	}
	count(1);
	return 0;
}

/* clones N: N times six kinds of children, none of which is a plain fork's */
static int run_clones(void)
{
	static const unsigned long kinds[] = { 0, SIGUSR1, CLONE_UNTRACED | SIGCHLD, CLONE_FS | CLONE_FILES, CLONE_IO | SIGCHLD, CLONE_SYSVSEM };

	signal(SIGUSR1, on_alarm);
	for (long i = 0; i < number(2); i++)
		for (size_t k = 0; k < sizeof(kinds) / sizeof(kinds[0]); k++) {
			long pid = syscall(SYS_clone, kinds[k], 0, 0, 0, 0);
			int status = 0;

			if (pid == 0) {
				count(1);
				_exit(0);
			}
			while (pid > 0 && waitpid((pid_t)pid, &status, __WALL) < 0 && errno == EINTR)
				;
			if (pid < 0 || status)
				return 1;
		}
	return 0;
}

/* values N: a call with N values of an argument that is kept */
static int run_values(void)
{
	for (long i = 0; i < number(2); i++)
		syscall(SYS_prctl, 1000000 + i, 0, 0, 0, 0);
	return 0;
}

/* numbers N: calls of N numbers that no table has */
static int run_numbers(void)
{
	for (long i = 0; i < number(2); i++)
		syscall(5000 + i);
	return 0;
}

/* exec FILE …: fork and execute */
static int run_exec(void)
{
	if (fork() == 0) {
		execve(self_argv[2], self_argv + 2, environ);
		_exit(1);
	}
	return wait_all();
}

static void *execute(void *argv)
{
	execve("/proc/self/exe", argv, environ);
	return NULL;
}

/* thread-exec N: N times, a thread that is not the first one executes the program again */
static int run_thread_exec(void)
{
	long n = number(2);
	char text[24];
	char *argv[] = { self_argv[0], "thread-exec", text, NULL };
	pthread_t t;

	if (n <= 0)
		return 0;
	snprintf(text, sizeof(text), "%ld", n - 1);
	if (pthread_create(&t, NULL, execute, argv))
		return 1;
	pthread_join(t, NULL);
	return 1;
}

/* stop N: a child stops itself N times; its parent sees it each time, and each time lets it go on */
static int run_stop(void)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		for (long i = 0; i < number(2); i++) {
			raise(SIGSTOP);
			count(1);
		}
		_exit(3);
	}
	for (long i = 0; i < number(2); i++) {
		if (waitpid(pid, &status, WUNTRACED) != pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGSTOP)
			return 1;
		/* it stays stopped until told otherwise */
		usleep(20000);
		if (waitpid(pid, &status, WNOHANG | WCONTINUED) != 0 || kill(pid, SIGCONT) < 0)
			return 2;
	}
	return waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 3 ? 0 : 4;
}

/* signals: as they should be inherited: SIGUSR1 blocked, SIGUSR2 ignored, all else as usual */
static int run_signals(void)
{
	sigset_t blocked;
	int wrong = 0;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int i = 1; i < SIGRTMIN; i++) {
		struct sigaction action;

		if (sigaction(i, NULL, &action) < 0)
			continue;
		wrong |= sigismember(&blocked, i) != (i == SIGUSR1);
		wrong |= (action.sa_handler == SIG_IGN) != (i == SIGUSR2 || i == SIGCHLD);
	}
	return wrong;
}

/* loop N: as calls, but one thread, and prints nanoseconds a call; for measuring */
static int run_loop(void)
{
	printf("%.1f ns a call\n", (double)time_calls(number(2)) * 1000 / (double)number(2));
	return 0;
}

static const struct {
	const char *name;
	int (*run)(void);
} programs[] = {
	{ "alarm", run_alarm },
	{ "bomb", run_bomb },
	{ "calls", run_calls },
	{ "chain", run_chain },
	{ "clones", run_clones },
	{ "copy", run_copy },
	{ "daemon", run_daemon },
	{ "denied", run_denied },
	{ "descriptors", run_descriptors },
	{ "die", run_die },
	{ "exec", run_exec },
	{ "leader", run_leader },
	{ "linger", run_linger },
	{ "loop", run_loop },
	{ "numbers", run_numbers },
	{ "ready", run_ready },
	{ "shared", run_shared },
	{ "signals", run_signals },
	{ "stop", run_stop },
	{ "storm", run_storm },
	{ "stubborn", run_stubborn },
	{ "thread-exec", run_thread_exec },
	{ "unknown", run_unknown },
	{ "values", run_values },
	{ "vfork", run_vfork },
};

int main(int argc, char **argv)
{
	self_argv = argv;
	for (size_t i = 0; argc > 1 && i < sizeof(programs) / sizeof(programs[0]); i++)
		if (!strcmp(argv[1], programs[i].name))
			return programs[i].run();
	return 99;
}
