/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The line protocol: VERB [ARGUMENT], one line each way. An answer starts with OK or
 * ERR. The argument may be percent-encoded ("GET inlet%20temp").
 */
#include "telemetryd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned int serial;

static void handle_list(struct client *client, struct request *req)
{
	struct reading readings[MAX_READINGS];
	size_t n = sampler_copy(readings), used = 0;
	char names[MAX_READINGS * NAME_SIZE + 1] = "";

	(void)req;
	for (size_t i = 0; i < n; i++)
		used += (size_t)snprintf(names + used, sizeof(names) - used, " %s",
					 readings[i].name);
	client_reply(client, "OK %zu%s", n, names);
}

static void handle_get(struct client *client, struct request *req)
{
	struct reading readings[MAX_READINGS];
	size_t n = sampler_copy(readings);

	for (size_t i = 0; i < n; i++) {
		if (strcmp(readings[i].name, req->arg) == 0) {
			client_reply(client, "OK %s %.9g", readings[i].name, readings[i].value);
			return;
		}
	}
	client_reply(client, "ERR no such reading");
}

static void handle_stats(struct client *client, struct request *req)
{
	struct sampler_stats stats;

	sampler_get_stats(&stats);
	client_reply(client,
		     "OK requests=%u clients=%u samples=%lu errors=%lu readings=%u interval_ms=%u",
		     req->serial, client_count(), stats.samples, stats.errors, stats.readings,
		     stats.interval_ms);
}

static void handle_set_interval(struct client *client, struct request *req)
{
	char *end;
	unsigned long ms = strtoul(req->arg, &end, 10);

	if (end == req->arg || *end != '\0' || ms > 3600000 ||
	    sampler_set_interval((unsigned int)ms) < 0)
		client_reply(client, "ERR the interval is 10 to 3600000 milliseconds");
	else
		client_reply(client, "OK interval_ms=%lu", ms);
}

static void handle_ping(struct client *client, struct request *req)
{
	(void)req;
	client_reply(client, "OK pong");
}

static void handle_quit(struct client *client, struct request *req)
{
	(void)req;
	client_reply(client, "OK bye");
	client->closing = true;
}

/* Left in by a developer: it tells where the program was loaded. The usual first half of an attack. */
void handle_debug(struct client *client, struct request *req)
{
	client_reply(client, "OK serial=%u request=%p handler=%p", req->serial, (void *)req,
		     (void *)req->handler);
}

static const struct command {
	const char *verb;
	request_fn *handler;
} commands[] = {
	{ "LIST", handle_list },   { "GET", handle_get },
	{ "STATS", handle_stats }, { "SET-INTERVAL", handle_set_interval },
	{ "PING", handle_ping },   { "QUIT", handle_quit },
	{ "DEBUG", handle_debug },
};

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/*
 * THE PLANTED BUG (CWE-787): nobody tells this function how large out is. Its caller
 * passes request.arg, and a longer argument runs on into request.handler.
 *
 * No common hardening notices: nothing leaves the object (so neither malloc's checks,
 * nor ASan's red zones, nor the stack protector), it is no libc call (so not
 * _FORTIFY_SOURCE), and each payload has a handler's type (so not clang's CFI). The
 * attributes keep it so in sanitizer builds of any age, and keep the optimiser from
 * seeing out's size.
 */
__attribute__((noinline, no_sanitize("address"), no_sanitize("undefined")))
static void percent_decode(char *out, const char *text)
{
	while (*text != '\0') {
		int high, low;

		if (text[0] == '%' && (high = hex_digit(text[1])) >= 0 &&
		    (low = hex_digit(text[2])) >= 0) {
			*out++ = (char)(high << 4 | low);
			text += 3;
		} else {
			*out++ = *text++;
		}
	}
}

static request_fn *find_handler(const char *verb, size_t length)
{
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strlen(commands[i].verb) == length &&
		    memcmp(commands[i].verb, verb, length) == 0)
			return commands[i].handler;
	}
	return NULL;
}

void request_run(struct client *client, const char *line)
{
	struct request *req = &client->req;
	size_t length = strcspn(line, " ");
	const char *text = line + length + strspn(line + length, " ");

	memset(req, 0, sizeof(*req));
	req->serial = ++serial;
	req->handler = find_handler(line, length);
	if (!req->handler) {
		client_reply(client, "ERR unknown command");
		return;
	}

	percent_decode(req->arg, text);
	req->handler(client, req);
}
