/* SPDX-License-Identifier: Apache-2.0 */
/* Which files make up a systemd unit, in a root folder of our own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

#include <cmocka.h>

#include <sys/stat.h>

#include "unit/unit.h"

#define ETC "/etc/systemd/system/"
#define USR "/usr/lib/systemd/system/"

static char root[] = "/tmp/callgate-unit-XXXXXX";

static void make_folders(const char *path)
{
	char part[4096];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		snprintf(part, sizeof(part), "%.*s", (int)(slash - path), path);
		mkdir(part, 0755);
	}
}

static void put(const char *inner, const char *bytes)
{
	char path[4096];
	FILE *file;

	snprintf(path, sizeof(path), "%s%s", root, inner);
	make_folders(path);
	file = fopen(path, "we");
	assert_non_null(file);
	fputs(bytes, file);
	fclose(file);
}

static void put_link(const char *inner, const char *target)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s%s", root, inner);
	make_folders(path);
	assert_int_equal(symlink(target, path), 0);
}

/* The files found, below the root, separated by blanks. */
static void expect(const char *name, const char *wanted)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct unit_files files = { 0 };
	struct buf text = { 0 };

	if (unit_files_find(root, name, &files, diags))
		fail_msg("%s: %s", name, callgate_diags_get(diags, 0)->text);
	for (size_t i = 0; i < files.files.count; i++)
		buf_printf(&text, "%s%s", i ? " " : "", files.files.items[i].path + strlen(root));
	assert_string_equal(text.text, wanted);
	buf_done(&text);
	unit_files_done(&files);
	callgate_diags_free(diags);
}

static void refused(const char *name, int error, const char *id)
{
	struct callgate_diags *diags = callgate_diags_new();
	struct unit_files files = { 0 };

	assert_int_equal(unit_files_find(root, name, &files, diags), error);
	assert_string_equal(callgate_diags_get(diags, 0)->id, id);
	callgate_diags_free(diags);
}

static void test_precedence(void **state)
{
	(void)state;
	put(USR "a.service", "x");
	expect("a", USR "a.service");
	put(ETC "a.service", "x");
	expect("a.service", ETC "a.service");
	put(USR "a.service.d/20.conf", "x");
	put(USR "a.service.d/10.conf", "x");
	put(ETC "a.service.d/10.conf", "x");
	put(ETC "a.service.d/15.txt", "x");
	put(ETC "service.d/05.conf", "x");
	expect("a", ETC "a.service " ETC "service.d/05.conf " ETC "a.service.d/10.conf " USR "a.service.d/20.conf");
	put_link(ETC "a.service.d/20.conf", "/dev/null");
	expect("a", ETC "a.service " ETC "service.d/05.conf " ETC "a.service.d/10.conf");
}

static void test_prefixes(void **state)
{
	(void)state;
	put(USR "p-q-r.socket", "x");
	put(ETC "p-q-.socket.d/10.conf", "x");
	put(ETC "p-.socket.d/10.conf", "x");
	put(ETC "p-.socket.d/20.conf", "x");
	put(ETC "p.socket.d/30.conf", "x");
	expect("p-q-r.socket", USR "p-q-r.socket " ETC "p-q-.socket.d/10.conf " ETC "p-.socket.d/20.conf");
}

static void test_instances(void **state)
{
	(void)state;
	put(USR "i-t@.socket", "x");
	put(ETC "i-t@.socket.d/2.conf", "x");
	put(ETC "i-t@1.socket.d/1.conf", "x");
	put(ETC "i-@.socket.d/3.conf", "x");
	put(ETC "i-.socket.d/4.conf", "x");
	put(ETC "i-t@2.socket.d/5.conf", "x");
	expect("i-t@1.socket", USR "i-t@.socket " ETC "i-t@1.socket.d/1.conf " ETC "i-t@.socket.d/2.conf " ETC "i-@.socket.d/3.conf " ETC
				   "i-.socket.d/4.conf");
	put(ETC "i-t@1.socket", "x");
	expect("i-t@1.socket", ETC "i-t@1.socket " ETC "i-t@1.socket.d/1.conf " ETC "i-t@.socket.d/2.conf " ETC "i-@.socket.d/3.conf " ETC
				   "i-.socket.d/4.conf");
}

/* Absolute links begin at the root; drop-ins of every name count. */
static void test_aliases(void **state)
{
	(void)state;
	put(USR "real.mount", "x");
	put_link(ETC "other.mount", USR "real.mount");
	put(ETC "other.mount.d/1.conf", "x");
	put(ETC "real.mount.d/2.conf", "x");
	expect("other.mount", USR "real.mount " ETC "other.mount.d/1.conf " ETC "real.mount.d/2.conf");
	expect("real.mount", USR "real.mount " ETC "other.mount.d/1.conf " ETC "real.mount.d/2.conf");
}

static void test_refused(void **state)
{
	(void)state;
	refused("nothing", -ENOENT, "unit-not-found");
	refused("", -EINVAL, "unit-name");
	refused("/", -EINVAL, "unit-name");
	put_link(ETC "m.service", "/dev/null");
	put(USR "m.service", "x");
	refused("m", -ENOTUNIQ, "unit-masked");
	put(ETC "e.service", "");
	refused("e", -ENOTUNIQ, "unit-masked");
	put_link(ETC "l.service", "l.service");
	refused("l", -ELOOP, "unit-link");
}

static void test_path(void **state)
{
	char path[4096];

	(void)state;
	put("/home/b.service", "x");
	put("/home/b.service.d/1.conf", "x");
	put(ETC "b.service.d/2.conf", "x");
	snprintf(path, sizeof(path), "%s/home/b.service", root);
	expect(path, "/home/b.service /home/b.service.d/1.conf");
}

static int make_root(void **state)
{
	(void)state;
	return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state)
{
	char command[4096];

	(void)state;
	snprintf(command, sizeof(command), "rm -rf '%s'", root);
	return system(command);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_precedence), cmocka_unit_test(test_prefixes), cmocka_unit_test(test_instances),
		cmocka_unit_test(test_aliases),    cmocka_unit_test(test_refused),  cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests(tests, make_root, remove_root);
}
