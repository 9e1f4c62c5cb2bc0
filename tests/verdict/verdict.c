/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Profiles before the judges (judge.h).
 *
 *   verdict PROFILE.json [N]      N generated calls per ABI set, placed beside the profile's own constants
 *   verdict --lines FILE          lines "PROFILE ABI CALL => ACTION", profile paths relative to the file
 *
 * Prints TAP.
 */
#include "judge.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/util.h"
#include "model/call.h"
#include "verdict.h"

/* ---- reading ---- */

static char *slurp(const char *path, size_t *ret_size)
{
	struct stat st;
	char *bytes = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && fstat(fd, &st) == 0 && (bytes = malloc((size_t)st.st_size + 1))) {
		ssize_t n = read(fd, bytes, (size_t)st.st_size);

		*ret_size = n < 0 ? 0 : (size_t)n;
		bytes[*ret_size] = '\0';
	}
	if (fd >= 0)
		close(fd);
	return bytes;
}

static struct callgate_profile *read_profile(const char *path)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct callgate_profile *profile = NULL;
	size_t size;
	char *bytes = slurp(path, &size);

	if (!bytes)
		printf("# %s: %s\n", path, strerror(errno));
	else if (callgate_profile_read(bytes, size, path, CALLGATE_READ_UNKNOWN_NAMES, &profile, diags) < 0)
		judge_print_diags(diags);
	free(bytes);
	callgate_diags_free(diags);
	return profile;
}

static void run_generated(struct judge_bench *b, const char *what, size_t count)
{
	char name[256];
	int bad;

	snprintf(name, sizeof(name), "%s: %s, %zu generated calls: eval = diagram = filter", b->name, what, count);
	if (!judge_open(b)) {
		judge_report(false, name, "does not compile");
		judge_close(b);
		return;
	}
	bad = judge_generated(b, count);
	judge_report(!bad, name, "they differ");
	if (judge_queued(b)) {
		snprintf(name, sizeof(name), "%s: %s, %zu of them judged by the kernel", b->name, what, judge_queued(b));
		judge_report(judge_by_kernel(b) == 0, name, "the kernel differs");
	} else if (b->target.abis & verdict_native_abis()) {
		judge_skip(name, "no call of these ABIs can be made on this machine");
	}
	judge_close(b);
}

static void run_profile(struct judge_room *room, const char *path, size_t count)
{
	struct judge_bench b = { .name = path, .room = room };
	unsigned sets[] = {
		CALLGATE_ABI_BIT(CALLGATE_ABI_X86_64) | CALLGATE_ABI_BIT(CALLGATE_ABI_X32) | CALLGATE_ABI_BIT(CALLGATE_ABI_I386),
		CALLGATE_ABI_BIT(CALLGATE_ABI_AARCH64) | CALLGATE_ABI_BIT(CALLGATE_ABI_ARM),
	};
	char *copy = strdup(path);

	b.name = basename(copy);
	b.profile = read_profile(path);
	if (!b.profile) {
		judge_report(false, path, "cannot be read");
		free(copy);
		return;
	}
	for (int abi = 0; abi < CALLGATE_ABI_COUNT; abi++) {
		b.target = (struct callgate_target){ .abis = CALLGATE_ABI_BIT(abi) };
		run_generated(&b, callgate_abi_name((enum callgate_abi)abi), abi == (int)callgate_abi_native() ? count : count / 8 + 1);
	}
	for (size_t i = 0; i < ARRAY_SIZE(sets); i++) {
		b.target = (struct callgate_target){ .abis = sets[i], .caps = judge_random(), .strict64 = i };
		run_generated(&b, i ? "aarch64+arm, strict64" : "x86_64+x32+i386", count / 2 + 1);
	}
	profile_free(b.profile);
	free(copy);
}

/* ---- written cases ---- */

static bool judge_line(struct judge_room *room, const char *folder, char *line)
{
	char path[512], abi_name[32], *arrow = strstr(line, "=>"), *call_text;
	struct judge_bench b = { .room = room };
	struct callgate_call call;
	uint32_t want;
	int abi, consumed = 0;
	bool good = false;

	if (!arrow || sscanf(line, "%400s %31s %n", path, abi_name, &consumed) != 2)
		return false;
	*arrow = '\0';
	call_text = line + consumed;
	abi = callgate_abi_from_name(abi_name);
	arrow += 2 + strspn(arrow + 2, " ");
	arrow[strcspn(arrow, "\n")] = '\0';
	memmove(path + strlen(folder) + 1, path, strlen(path) + 1);
	memcpy(path, folder, strlen(folder));
	path[strlen(folder)] = '/';
	b.name = path;
	b.profile = read_profile(path);
	if (!b.profile || abi < 0 || callgate_action_parse(arrow, &want) < 0 ||
	    callgate_call_parse(call_text, (enum callgate_abi)abi, &call, NULL) < 0)
		return profile_free(b.profile), false;
	if (!b.profile->abis)
		b.target.abis = CALLGATE_ABI_BIT(abi);
	if (judge_open(&b)) {
		uint32_t got = profile_eval(b.profile, &b.target, &call, NULL);

		good = judge_call(&b, &call) == 0 && got == want && (!judge_queued(&b) || judge_by_kernel(&b) == 0);
		if (got != want)
			judge_complain(&b, &call, "the written case", got, want);
	}
	judge_close(&b);
	profile_free(b.profile);
	return good;
}

static void run_lines(struct judge_room *room, const char *file)
{
	char *line = NULL, *copy = strdup(file), *folder = dirname(copy), *kept;
	size_t size = 0, number = 0;
	FILE *in = fopen(file, "r");

	while (in && getline(&line, &size, in) > 0) {
		char name[700];

		number++;
		line[strcspn(line, "\n")] = '\0';
		if (!*line || *line == '#')
			continue;
		kept = strdup(line);
		snprintf(name, sizeof(name), "%s:%zu: %s", file, number, kept);
		judge_report(judge_line(room, folder, line), name, "not so");
		free(kept);
	}
	if (in)
		fclose(in);
	else
		judge_report(false, file, strerror(errno));
	free(line);
	free(copy);
}

int main(int argc, char **argv)
{
	struct judge_room *room = judge_room_new();

	if (!room || argc < 2) {
		fprintf(stderr, "usage: verdict PROFILE.json [N] | verdict --lines FILE\n");
		return 2;
	}
	if (!strcmp(argv[1], "--lines"))
		for (int i = 2; i < argc; i++)
			run_lines(room, argv[i]);
	else
		run_profile(room, argv[1], argc > 2 ? strtoul(argv[2], NULL, 10) : 100000);
	return judge_finish();
}
