/* SPDX-License-Identifier: Apache-2.0 */
/* A small JSON writer onto a stream: one line, members in the order given. */
#include "cli.h"

static void start(struct cli_json *json, const char *key)
{
	if (json->used[json->depth])
		fputs(", ", json->out);
	json->used[json->depth] = true;
	if (key)
		fprintf(json->out, "\"%s\": ", key);
}

void cli_json_open(struct cli_json *json, const char *key, char bracket)
{
	start(json, key);
	fputc(bracket, json->out);
	json->used[++json->depth] = false;
}

void cli_json_close(struct cli_json *json, char bracket)
{
	json->depth--;
	fputc(bracket, json->out);
}

/* Length of a well-formed UTF-8 sequence at p, or 0. */
static int utf8_length(const unsigned char *p)
{
	int n = p[0] < 0x80 ? 1 : p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;

	for (int i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

void cli_json_string(struct cli_json *json, const char *key, const char *text)
{
	start(json, key);
	fputc('"', json->out);
	for (const unsigned char *p = (const unsigned char *)text; *p;) {
		int n = utf8_length(p);

		if (*p == '"' || *p == '\\')
			fprintf(json->out, "\\%c", *p);
		else if (*p < 0x20 || *p == 0x7f)
			fprintf(json->out, "\\u%04x", *p);
		else if (!n)
			fputs("\xef\xbf\xbd", json->out);
		else
			fwrite(p, 1, (size_t)n, json->out);
		p += n ? n : 1;
	}
	fputc('"', json->out);
}

void cli_json_u64(struct cli_json *json, const char *key, uint64_t value)
{
	start(json, key);
	fprintf(json->out, "%llu", (unsigned long long)value);
}

void cli_json_s64(struct cli_json *json, const char *key, int64_t value)
{
	start(json, key);
	fprintf(json->out, "%lld", (long long)value);
}

void cli_json_double(struct cli_json *json, const char *key, double value)
{
	start(json, key);
	fprintf(json->out, "%.6g", value);
}

void cli_json_bool(struct cli_json *json, const char *key, bool value)
{
	start(json, key);
	fputs(value ? "true" : "false", json->out);
}

void cli_json_null(struct cli_json *json, const char *key)
{
	start(json, key);
	fputs("null", json->out);
}

void cli_json_end(struct cli_json *json) { fputc('\n', json->out); }
