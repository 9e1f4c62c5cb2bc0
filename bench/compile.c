/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench-compile [--rounds=N] [--json=FILE] PROFILE[+WEIGHTS]…: what compilers make of a profile: ours, and libseccomp's linear and
 * binary-tree layouts. Of WEIGHTS, a profile too, only the representative calls are taken.
 *
 *   insns     instructions of the program
 *   uncached  executed instructions per representative call that the kernel's bitmap cannot answer, by the calls' counts
 *   4.14      the same per call of any kind, for kernels without the bitmap; ours is compiled for such a kernel
 *   worst     on the longest path
 *   emulated  instructions that the kernel emulates when the filter is loaded, over all native and compat numbers
 *   attach    microseconds to load it: medians of interleaved rounds, each in a new process that has loaded a filter of one
 *             instruction before, so that what is measured is this filter and not the kernel's first steps. Of the floor, what
 *             loading such a filter costs, every ratio has its share on both sides
 *   compile, proof   milliseconds, medians
 *   means     by the diagram, for every possible call: what the profile says; the same with all 64 bits of arguments compared; or else
 *
 * An "x" column is the ratio to ours. Nothing here is asserted.
 */
#include <errno.h>
#include <linux/filter.h>
#include <math.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "model/filter.h"
#include "model/profile.h"

#define ROUNDS_DEFAULT 101
#define COMPILE_ROUNDS 9
#define KERNEL_OLD (4u << 16 | 14u << 8)

enum { OURS, LINEAR, TREE, SUBJECTS };
static const char *const names[] = { "callgate", "libseccomp", "libseccomp tree" };

struct row {
	struct callgate_filter *filter, *old; /* old: for 4.14 */
	struct callgate_filter_report report, old_report;
	double attach_us, compile_ms, proof_ms;
	const char *means;
	char *witness; /* a call that is answered differently, where it means something else */
};

struct bench {
	unsigned rounds;
	FILE *json;
	unsigned tables;
	struct callgate_filter *least; /* one instruction */
};

static double now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int compare_doubles(const void *a, const void *b)
{
	return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b);
}

static double median(double *values, unsigned count)
{
	if (!count)
		return NAN;
	qsort(values, count, sizeof(*values), compare_doubles);
	return values[count / 2];
}

/* ---- Attach ---- */

static void attach_child(const struct callgate_filter *first, const struct callgate_filter *filter, volatile double *shared)
{
	double begin;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || callgate_load(first, 0, NULL) < 0)
		_exit(1);
	begin = now_us();
	*shared = callgate_load(filter, 0, NULL) < 0 ? -1 : now_us() - begin;
	for (;;) /* may not be allowed to exit */
		__asm__ volatile("" ::: "memory");
}

/* Microseconds; negative when it could not be loaded. `first` is loaded before. */
static double attach_once(const struct callgate_filter *first, const struct callgate_filter *filter, volatile double *shared)
{
	const struct timespec pause = { .tv_nsec = 100000 };
	pid_t pid;

	*shared = 0;
	pid = fork();
	if (!pid)
		attach_child(first, filter, shared);
	while (pid > 0 && *shared == 0) {
		if (waitpid(pid, NULL, WNOHANG) == pid)
			return -1;
		nanosleep(&pause, NULL);
	}
	if (pid > 0) {
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	return pid > 0 ? *shared : -1;
}

static void attach_rounds(const struct bench *b, const struct row rows[SUBJECTS], double *shared, double *samples,
			  unsigned counts[SUBJECTS + 1])
{
	for (unsigned round = 0; round < b->rounds; round++)
		for (unsigned i = 0; i <= SUBJECTS; i++) {
			unsigned s = (i + round) % (SUBJECTS + 1);
			const struct callgate_filter *filter = s == SUBJECTS ? b->least : rows[s].filter;
			double us = filter ? attach_once(b->least, filter, shared) : -1;

			if (us >= 0)
				samples[s * b->rounds + counts[s]++] = us;
		}
}

/* Of every row, and of the filter with one instruction. */
static double measure_attach(const struct bench *b, struct row rows[SUBJECTS])
{
	double *samples = calloc((SUBJECTS + 1) * (size_t)b->rounds, sizeof(*samples)), least = NAN;
	double *shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned counts[SUBJECTS + 1] = { 0 };

	if (samples && shared != MAP_FAILED)
		attach_rounds(b, rows, shared, samples, counts);
	for (unsigned i = 0; i < SUBJECTS; i++)
		rows[i].attach_us = samples ? median(samples + i * b->rounds, counts[i]) : NAN;
	if (samples)
		least = median(samples + SUBJECTS * b->rounds, counts[SUBJECTS]);
	if (shared != MAP_FAILED)
		munmap(shared, sizeof(*shared));
	free(samples);
	return least;
}

/* ---- Compilers ---- */

static int make(unsigned subject, const struct callgate_profile *profile, const struct callgate_target *target,
		struct callgate_filter **ret_filter, struct callgate_call *ret_witness)
{
	if (subject == OURS)
		return callgate_compile(profile, target, ret_filter, NULL) < 0 ? -1 : 1;
	return callgate_compile_libseccomp(profile, target, subject == LINEAR ? 1 : 2, ret_filter, ret_witness, NULL);
}

/* With a witness that is no matter of the arguments' width, where there is one. */
static void judge(struct row *row, unsigned subject, int same, const struct callgate_profile *profile, struct callgate_target target)
{
	struct callgate_filter *filter;
	struct callgate_call witness;
	int r;

	row->means = "the same";
	if (same == 1)
		return;
	target.strict64 = true;
	r = make(subject, profile, &target, &filter, &witness);
	if (r >= 0)
		callgate_filter_free(filter);
	row->means = r == 1 ? "64-bit arguments" : "something else";
	if (!r && callgate_call_format(&witness, &row->witness) < 0)
		row->witness = NULL;
}

static int fill_row(struct row *row, unsigned subject, const struct callgate_profile *profile, const struct callgate_target *target)
{
	struct callgate_target old = *target;
	double compile[COMPILE_ROUNDS], proof[COMPILE_ROUNDS];
	int same = -1;

	for (int i = 0; i < COMPILE_ROUNDS; i++) {
		callgate_filter_free(row->filter);
		row->filter = NULL;
		same = make(subject, profile, target, &row->filter, NULL);
		if (same < 0)
			return -1;
		compile[i] = row->filter->compile_ms;
		proof[i] = row->filter->proof_ms;
	}
	row->compile_ms = median(compile, COMPILE_ROUNDS);
	row->proof_ms = median(proof, COMPILE_ROUNDS);
	judge(row, subject, same, profile, *target);
	old.kernel = KERNEL_OLD;
	if (make(subject, profile, &old, &row->old, NULL) < 0)
		return -1;
	if (callgate_filter_report(row->filter, profile, target, &row->report) < 0 ||
	    callgate_filter_report(row->old, profile, &old, &row->old_report) < 0)
		return -1;
	return 0;
}

/* ---- Tables ---- */

static void print_ratio(double value, double ours, int width, const char *format)
{
	char text[32] = "-", ratio[16] = "";

	if (!isnan(value) && value > 0)
		snprintf(text, sizeof(text), format, value);
	if (value > 0 && ours > 0)
		snprintf(ratio, sizeof(ratio), "%.1fx", value / ours);
	printf(" %*s %5s", width, text, ratio);
}

static void print_row(const struct row *rows, unsigned i)
{
	const struct row *row = &rows[i], *ours = &rows[OURS];

	if (!row->filter || !row->means) {
		printf("  %-16s cannot make it\n", names[i]);
		return;
	}
	printf("  %-16s", names[i]);
	print_ratio((double)row->report.insns, (double)ours->report.insns, 6, "%.0f");
	print_ratio(row->report.uncached.mean, ours->report.uncached.mean, 8, "%.1f");
	print_ratio(row->old_report.all.mean, ours->old_report.all.mean, 6, "%.1f");
	print_ratio((double)row->report.worst_steps, (double)ours->report.worst_steps, 5, "%.0f");
	print_ratio((double)row->report.attach_steps, (double)ours->report.attach_steps, 8, "%.0f");
	print_ratio(row->attach_us, ours->attach_us, 9, "%.1f");
	printf(" %8.2f %7.2f  %s%s%s\n", row->compile_ms, row->proof_ms, row->means, row->witness ? ": " : "", row->witness ? row->witness : "");
}

static void print_abis(unsigned abis, FILE *out)
{
	const char *comma = "";

	for (unsigned abi = 0; abi < CALLGATE_ABI_COUNT; abi++)
		if (abis & CALLGATE_ABI_BIT(abi)) {
			fprintf(out, "%s%s", comma, callgate_abi_name(abi));
			comma = ", ";
		}
}

static void print_table(const char *title, unsigned abis, const struct row *rows, double least)
{
	printf("%s; ", title);
	print_abis(abis, stdout);
	printf("; %.2f %% of the calls are answered by the bitmap\n",
	       rows[OURS].report.all.calls > 0 ? 100 - 100 * rows[OURS].report.uncached.calls / rows[OURS].report.all.calls : 0);
	printf("  %-16s %6s %5s %8s %5s %6s %5s %5s %5s %8s %5s %9s %5s %8s %7s  means\n", "", "insns", "", "uncached", "", "4.14", "", "worst",
	       "", "emulated", "", "attach us", "", "compile", "proof");
	for (unsigned i = 0; i < SUBJECTS; i++)
		print_row(rows, i);
	printf("  %-16s%68s %9.1f\n", "floor", "", least);
	putchar('\n');
	fflush(stdout);
}

static void write_number(FILE *out, const char *key, double value)
{
	if (isnan(value))
		fprintf(out, ", \"%s\": null", key);
	else
		fprintf(out, ", \"%s\": %.6g", key, value);
}

/* Titles are names of files of ours: nothing in them needs escapes. */
static void write_table(struct bench *b, const char *title, unsigned abis, const struct row *rows, double least)
{
	for (unsigned i = 0; b->json && i < SUBJECTS; i++) {
		const struct row *row = &rows[i];

		if (!row->filter || !row->means)
			continue;
		fprintf(b->json, "%s\n {\"profile\": \"%s\", \"abis\": \"", b->tables++ ? "," : "", title);
		print_abis(abis, b->json);
		fprintf(b->json, "\", \"compiler\": \"%s\", \"means\": \"%s\"", names[i], row->means);
		write_number(b->json, "instructions", (double)row->report.insns);
		write_number(b->json, "uncached_steps", row->report.uncached.mean);
		write_number(b->json, "old_kernel_steps", row->old_report.all.mean);
		write_number(b->json, "worst_steps", (double)row->report.worst_steps);
		write_number(b->json, "attach_steps", (double)row->report.attach_steps);
		write_number(b->json, "attach_us", row->attach_us);
		write_number(b->json, "attach_floor_us", least);
		write_number(b->json, "compile_ms", row->compile_ms);
		write_number(b->json, "proof_ms", row->proof_ms);
		fputc('}', b->json);
	}
}

static int bench_table(struct bench *b, const char *title, const struct callgate_profile *profile, unsigned abis)
{
	struct callgate_target target = { .abis = abis };
	struct row rows[SUBJECTS] = { 0 };
	double least;
	int failed = 0;

	for (unsigned i = 0; i < SUBJECTS; i++)
		if (fill_row(&rows[i], i, profile, &target) < 0)
			failed |= i == OURS;
	least = measure_attach(b, rows);
	print_table(title, abis, rows, least);
	write_table(b, title, abis, rows, least);
	for (unsigned i = 0; i < SUBJECTS; i++) {
		callgate_filter_free(rows[i].filter);
		callgate_filter_free(rows[i].old);
		free(rows[i].witness);
	}
	return failed;
}

/* ---- Profiles ---- */

static int read_profile(const char *path, struct callgate_profile **ret_profile)
{
	FILE *file = fopen(path, "re");
	static char bytes[1 << 20];
	size_t n;
	int r = -EIO;

	if (!file)
		return -errno;
	n = fread(bytes, 1, sizeof(bytes), file);
	if (!ferror(file) && n < sizeof(bytes))
		r = callgate_profile_read(bytes, n, path, CALLGATE_READ_UNKNOWN_NAMES, ret_profile, NULL);
	fclose(file);
	return r;
}

static int add_weights(const char *path, struct callgate_profile *profile)
{
	struct callgate_profile *weights;
	int r = read_profile(path, &weights);

	if (r < 0)
		return r;
	for (size_t i = 0; i < weights->calls.count && !r; i++)
		r = vec_push(&profile->calls, weights->calls.items[i]);
	callgate_profile_free(weights);
	return r < 0 ? r : profile_normalise(profile);
}

static const char *base_name(const char *path)
{
	return strrchr(path, '/') ? strrchr(path, '/') + 1 : path;
}

/* This machine's ABI alone, then all that the profile lists. libseccomp has no errno of its own for new numbers, so none has. */
static int bench_profile(struct bench *b, char *argument)
{
	struct callgate_profile *profile;
	char *weights = strchr(argument, '+'), title[512];
	unsigned native = CALLGATE_ABI_BIT(callgate_abi_native()), listed;
	int r, failed;

	if (weights)
		*weights++ = '\0';
	r = read_profile(argument, &profile);
	if (r >= 0 && weights)
		r = add_weights(weights, profile);
	if (r < 0)
		return fprintf(stderr, "bench-compile: %s: %s\n", argument, strerror(-r)), 1;
	profile->unknown_errno = -1;
	snprintf(title, sizeof(title), "%s%s%s", base_name(argument), weights ? ", weighted by " : "", weights ? base_name(weights) : "");
	failed = bench_table(b, title, profile, native);
	listed = callgate_profile_target_abis(profile, &(struct callgate_target){ 0 });
	if (listed & native && listed != native)
		failed |= bench_table(b, title, profile, listed);
	callgate_profile_free(profile);
	return failed;
}

static unsigned parse_rounds(const char *text)
{
	long n = strtol(text, NULL, 10);

	return n < 1 || n > 100000 ? ROUNDS_DEFAULT : (unsigned)n;
}

int main(int argc, char **argv)
{
	static const struct callgate_insn allow = { BPF_RET | BPF_K, 0, 0, CALLGATE_ALLOW };
	struct bench b = { .rounds = ROUNDS_DEFAULT };
	int failed = callgate_filter_read(&allow, sizeof(allow), NULL, &b.least, NULL) < 0;

	printf("attach: medians of interleaved rounds; libseccomp %u.%u.%u\n\n", seccomp_version()->major, seccomp_version()->minor,
	       seccomp_version()->micro);
	for (int i = 1; i < argc && !failed; i++) {
		if (!strncmp(argv[i], "--rounds=", 9)) {
			b.rounds = parse_rounds(argv[i] + 9);
		} else if (!strncmp(argv[i], "--json=", 7)) {
			b.json = fopen(argv[i] + 7, "we");
			failed = !b.json || fputc('[', b.json) == EOF;
		} else {
			failed = bench_profile(&b, argv[i]);
		}
	}
	if (b.json)
		fputs("\n]\n", b.json);
	if (b.json && fclose(b.json))
		failed = 1;
	callgate_filter_free(b.least);
	return failed;
}
