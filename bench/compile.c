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
 *   attach    microseconds to load it: see attach.h; "forked" in a newly forked process. Of the floor, what loading one instruction
 *             takes, every ratio has its share on both sides; below the table stands the ratio without it
 *   compile, proof   milliseconds, medians
 *   means     by the diagram, for every possible call: what the profile says; the same with all 64 bits of arguments compared; or else
 *
 * An "x" column is the ratio to ours. Of the shapes (shapes.h) costs are counted, there is no program. Nothing here is asserted but that
 * every unconditional ALLOW of ours is one that the kernel's bitmap answers.
 */
#include <errno.h>
#include <linux/filter.h>
#include <math.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "attach.h"
#include "model/filter.h"
#include "model/profile.h"
#include "shapes.h"

#define ROUNDS_DEFAULT 101
#define COMPILE_ROUNDS 9
#define KERNEL_OLD (4u << 16 | 14u << 8)

enum { OURS, LINEAR, TREE, SUBJECTS };
static const char *const names[] = { "callgate", "libseccomp", "libseccomp tree" };

struct row {
	struct callgate_filter *filter, *old; /* old: for 4.14 */
	struct callgate_filter_report report, old_report;
	double attach_us[ATTACH_WAYS], compile_ms, proof_ms;
	const char *means;
	char *witness; /* a call that is answered differently, where it means something else */
};

struct bench {
	unsigned rounds;
	FILE *json;
	unsigned tables;
	struct callgate_filter *least; /* one instruction */
	double floor_us[ATTACH_WAYS];  /* what loading that one takes */
};

/* ---- Attach ---- */

/* Of every row, and of the filter with one instruction. */
static void measure_attach(struct bench *b, struct row rows[SUBJECTS])
{
	const struct callgate_filter *filters[SUBJECTS + 1];
	double us[SUBJECTS + 1][ATTACH_WAYS];

	for (unsigned i = 0; i <= SUBJECTS; i++)
		filters[i] = i < SUBJECTS ? rows[i].filter : b->least;
	for (unsigned way = 0; way < ATTACH_WAYS; way++) {
		for (unsigned i = 0; i < SUBJECTS; i++)
			rows[i].attach_us[way] = NAN;
		b->floor_us[way] = NAN;
	}
	if (attach_measure(filters, SUBJECTS + 1, b->rounds, us) < 0)
		return;
	for (unsigned i = 0; i < SUBJECTS; i++)
		memcpy(rows[i].attach_us, us[i], sizeof(us[i]));
	memcpy(b->floor_us, us[SUBJECTS], sizeof(us[SUBJECTS]));
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
	print_ratio(row->attach_us[ATTACH_SHARED], ours->attach_us[ATTACH_SHARED], 9, "%.1f");
	print_ratio(row->attach_us[ATTACH_FORKED], ours->attach_us[ATTACH_FORKED], 7, "%.1f");
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

/* Counted from the tests of the number alone. On 4.14 every call runs the filter, here too in the order that the kernel is for. */
static void print_shape(const char *name, enum shape shape, const struct row *ours, const struct callgate_profile *profile)
{
	enum callgate_abi abi = callgate_abi_native();
	struct shape_costs costs, old;

	if (shape_costs(shape, ours->filter, profile, abi, &costs) < 0 || shape_costs(shape, ours->old, profile, abi, &old) < 0) {
		printf("  %-16s could not be counted\n", name);
		return;
	}
	printf("  %-16s", name);
	print_ratio(NAN, NAN, 6, "%.0f");
	print_ratio(costs.uncached, ours->report.uncached.mean, 8, "%.1f");
	print_ratio(old.all, ours->old_report.all.mean, 6, "%.1f");
	print_ratio(NAN, NAN, 5, "%.0f");
	print_ratio((double)costs.attach_steps, (double)ours->report.attach_steps, 8, "%.0f");
	putchar('\n');
}

static void print_attach(const struct bench *b, const struct row *rows)
{
	static const char *const ways[] = { [ATTACH_SHARED] = "attach", [ATTACH_FORKED] = "forked" };

	printf("  %-16s%68s %9.1f %13.1f\n", "floor", "", b->floor_us[ATTACH_SHARED], b->floor_us[ATTACH_FORKED]);
	for (unsigned way = 0; rows[LINEAR].filter && way < ATTACH_WAYS; way++) {
		double floor = b->floor_us[way], ours = rows[OURS].attach_us[way], theirs = rows[LINEAR].attach_us[way];

		printf("  %s: %.2f of libseccomp's; without the floor %.2f\n", ways[way], ours / theirs, (ours - floor) / (theirs - floor));
	}
}

static void print_table(const struct bench *b, const char *title, const struct callgate_profile *profile, unsigned abis,
			const struct row *rows)
{
	const struct callgate_filter_report *ours = &rows[OURS].report;

	printf("%s; ", title);
	print_abis(abis, stdout);
	printf("; %.2f %% of the calls are answered by the bitmap\n",
	       ours->all.calls > 0 ? 100 - 100 * ours->uncached.calls / ours->all.calls : 0);
	printf("  %-16s %6s %5s %8s %5s %6s %5s %5s %5s %8s %5s %9s %5s %7s %5s %8s %7s  means\n", "", "insns", "", "uncached", "", "4.14", "",
	       "worst", "", "emulated", "", "attach us", "", "forked", "", "compile", "proof");
	for (unsigned i = 0; i < SUBJECTS; i++)
		print_row(rows, i);
	if (abis == CALLGATE_ABI_BIT(callgate_abi_native()) && rows[OURS].filter && rows[OURS].old) {
		print_shape("minijail shape", SHAPE_MINIJAIL, &rows[OURS], profile);
		print_shape("kafel shape", SHAPE_KAFEL, &rows[OURS], profile);
	}
	print_attach(b, rows);
	printf("  %zu numbers are allowed whatever their arguments; the bitmap answers %zu of them%s\n\n", ours->allowed, ours->cacheable,
	       abis & CALLGATE_ABI_BIT(CALLGATE_ABI_X32) ? " (of x32 it answers none)" : "");
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
static void write_table(struct bench *b, const char *title, unsigned abis, const struct row *rows)
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
		write_number(b->json, "attach_us", row->attach_us[ATTACH_SHARED]);
		write_number(b->json, "attach_floor_us", b->floor_us[ATTACH_SHARED]);
		write_number(b->json, "attach_forked_us", row->attach_us[ATTACH_FORKED]);
		write_number(b->json, "attach_forked_floor_us", b->floor_us[ATTACH_FORKED]);
		write_number(b->json, "compile_ms", row->compile_ms);
		write_number(b->json, "proof_ms", row->proof_ms);
		fputc('}', b->json);
	}
}

static int bench_table(struct bench *b, const char *title, const struct callgate_profile *profile, unsigned abis)
{
	struct callgate_target target = { .abis = abis };
	struct row rows[SUBJECTS] = { 0 };
	int failed = 0;

	for (unsigned i = 0; i < SUBJECTS; i++)
		if (fill_row(&rows[i], i, profile, &target) < 0)
			failed |= i == OURS;
	measure_attach(b, rows);
	print_table(b, title, profile, abis, rows);
	write_table(b, title, abis, rows);
	/* x32's numbers are never in the bitmap */
	if (!(abis & CALLGATE_ABI_BIT(CALLGATE_ABI_X32)))
		failed |= rows[OURS].report.allowed != rows[OURS].report.cacheable;
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
