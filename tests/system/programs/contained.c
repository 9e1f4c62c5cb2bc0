/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What runs in a container. Asks for something that no sensible profile allows and that does no harm, says how that was answered, stays
 * until a byte arrives, ends with status 7. With an argument: without the attack, to be recorded.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	char text[32], byte;

	(void)argv;
	errno = 0;
	/* EFAULT when it is let through */
	if (argc < 2)
		syscall(SYS_add_key, NULL, NULL, NULL, 0, 0);
	snprintf(text, sizeof(text), "ready %d\n", errno);
	if (write(1, text, strlen(text)) < 0)
		return 1;
	return read(0, &byte, 1) == 1 ? 7 : 1;
}
