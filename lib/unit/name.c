/* SPDX-License-Identifier: Apache-2.0 */
/* Folders and names: where units are looked for, and under which names a unit's drop-ins go. */
#include "unit/unit.h"

const char *unit_folder_at(size_t i)
{
	static const char *const folders[] = {
		"/etc/systemd/system.control", "/run/systemd/system.control",   "/run/systemd/transient", "/run/systemd/generator.early",
		"/etc/systemd/system",         "/etc/systemd/system.attached",  "/run/systemd/system",    "/run/systemd/system.attached",
		"/run/systemd/generator",      "/usr/local/lib/systemd/system", "/lib/systemd/system",    "/usr/lib/systemd/system",
		"/run/systemd/generator.late",
	};

	return i < ARRAY_SIZE(folders) ? folders[i] : NULL;
}

void unit_names_done(unit_names *names)
{
	for (size_t i = 0; i < names->count; i++)
		free(names->items[i]);
	vec_done(names);
}

static int add(unit_names *names, const char *prefix, size_t size, const char *middle, size_t middle_size, const char *ending)
{
	_cleanup_(buf_done) struct buf name = { 0 };
	char *text = NULL;

	buf_put(&name, prefix, size);
	buf_put(&name, middle, middle_size);
	buf_puts(&name, ending);
	if (buf_take(&name, &text, NULL))
		return -ENOMEM;
	if (vec_push(names, text)) {
		free(text);
		return -ENOMEM;
	}
	return 0;
}

/* The prefix up to its last dash that is not at its end; 0 when there is none. "foo-bar-": "foo-". */
static size_t chop(const char *prefix, size_t size)
{
	if (size && prefix[size - 1] == '-')
		size--;
	while (size && prefix[size - 1] != '-')
		size--;
	return size > 1 ? size : 0;
}

/*
 * foo-bar@i.service: itself, foo-bar@.service, foo-.service, foo-@i.service, foo-@.service. At each prefix the template comes before the
 * shorter prefixes of the instance, and with prefixes of its own, which systemd 252 writes without the @.
 */
static int add_names(unit_names *names, const char *prefix, size_t size, const char *middle, size_t middle_size, const char *ending)
{
	int r = 0;

	for (; size && !r; size = chop(prefix, size)) {
		r = add(names, prefix, size, middle, middle_size, ending);
		for (size_t of_template = size; middle_size > 1 && of_template && !r; of_template = chop(prefix, of_template))
			r = add(names, prefix, of_template, "@", of_template == size, ending);
	}
	return r;
}

int unit_names_of(const char *name, unit_names *ret)
{
	const char *ending = strrchr(name, '.'), *at = strchr(name, '@');

	if (!ending)
		ending = name + strlen(name);
	if (!at || at > ending)
		at = ending;
	return add_names(ret, name, (size_t)(at - name), at, (size_t)(ending - at), ending);
}
