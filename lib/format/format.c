/* SPDX-License-Identifier: Apache-2.0 */
/* The table of formats, and which of them a file is written in. */
#include "format/format.h"

static const struct format *const formats[] = {
	&format_oci,	&format_bpf,   &format_minijail, &format_kafel,	  &format_firejail, &format_systemd,
	&format_header, &format_spo,   &format_bwrap,	 &format_setpriv, &format_crun,
};

const struct format *format_at(size_t i)
{
	return i < ARRAY_SIZE(formats) ? formats[i] : NULL;
}

const struct format *format_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (!strcmp(formats[i]->name, name))
			return formats[i];
	return NULL;
}

const struct format *format_find_written(const char *name)
{
	size_t size = strlen(name), length;

	for (size_t i = 0; i < ARRAY_SIZE(formats); i++) {
		const char *word = formats[i]->export ? formats[i]->aliases : NULL;

		if (formats[i]->export && !strcmp(formats[i]->name, name))
			return formats[i];
		for (; word && *word; word += length + strspn(word + length, " ")) {
			length = strcspn(word, " ");
			if (length == size && !memcmp(word, name, size))
				return formats[i];
		}
	}
	return NULL;
}

static bool has_extension(const struct format *format, const char *file)
{
	const char *word = format->import ? format->extensions : NULL;
	size_t length, size = strlen(file);

	for (; word && *word; word += length + strspn(word + length, " ")) {
		length = strcspn(word, " ");
		if (size > length && !strncmp(file + size - length, word, length))
			return true;
	}
	return false;
}

const struct format *format_of(const char *file, const char *bytes, size_t size)
{
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (has_extension(formats[i], file))
			return formats[i];
	for (size_t i = 0; i < ARRAY_SIZE(formats); i++)
		if (formats[i]->detect && formats[i]->detect(bytes, size))
			return formats[i];
	return NULL;
}
