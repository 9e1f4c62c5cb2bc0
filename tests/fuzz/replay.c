/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Feeds a fuzz target every file of its corpus, and beginnings of each: what the fuzzer once found stays found, on every
 * machine and without libFuzzer. Names go to standard error before they are tried, so that a crash has a name. Prints TAP.
 */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { BEGINNINGS = 64 };

/* In a block of exactly this size, so that the sanitizer sees a byte read too many. */
static int feed(const uint8_t *bytes, size_t size)
{
	uint8_t *exact = malloc(size ? size : 1);

	if (!exact)
		return -ENOMEM;
	memcpy(exact, bytes, size);
	LLVMFuzzerTestOneInput(exact, size);
	free(exact);
	return 0;
}

static int feed_with_beginnings(const uint8_t *bytes, size_t size)
{
	size_t step = size / BEGINNINGS + 1;
	int r = feed(bytes, size);

	for (size_t n = 0; n < size && r == 0; n += step)
		r = feed(bytes, n);
	return r;
}

static int read_whole(const char *path, uint8_t **ret_bytes, size_t *ret_size)
{
	FILE *file = fopen(path, "re");
	uint8_t *bytes = NULL;
	long size = -1;

	if (!file)
		return -errno;
	if (fseek(file, 0, SEEK_END) == 0)
		size = ftell(file);
	rewind(file);
	bytes = size < 0 ? NULL : malloc((size_t)size + 1);
	if (!bytes || fread(bytes, 1, (size_t)size, file) != (size_t)size) {
		free(bytes);
		fclose(file);
		return -EIO;
	}
	fclose(file);
	*ret_bytes = bytes;
	*ret_size = (size_t)size;
	return 0;
}

static int replay(const char *folder, const char *name)
{
	char path[4096];
	uint8_t *bytes = NULL;
	size_t size = 0;
	int r;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	fprintf(stderr, "# %s\n", name);
	r = read_whole(path, &bytes, &size);
	if (r == 0) {
		r = feed_with_beginnings(bytes, size);
		free(bytes);
	}
	if (r < 0)
		fprintf(stderr, "# %s: %s\n", path, strerror(-r));
	return r;
}

static int is_visible(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int main(int argc, char **argv)
{
	struct dirent **entries = NULL;
	unsigned failed = 0;
	const char *name;
	int n;

	if (argc != 2) {
		fputs("usage: replay-TARGET CORPUS\n", stderr);
		return 2;
	}
	name = strrchr(argv[1], '/') ? strrchr(argv[1], '/') + 1 : argv[1];
	n = scandir(argv[1], &entries, is_visible, alphasort);
	for (int i = 0; i < n; i++) {
		failed += replay(argv[1], entries[i]->d_name) < 0;
		free(entries[i]);
	}
	free(entries);
	puts("1..1");
	if (n <= 0)
		printf("not ok 1 - %s: there is no corpus in %s\n", name, argv[1]);
	else if (failed)
		printf("not ok 1 - %s: %u of %d inputs could not be fed\n", name, failed, n);
	else
		printf("ok 1 - %s: %d inputs with their beginnings\n", name, n);
	return n <= 0 || failed;
}
