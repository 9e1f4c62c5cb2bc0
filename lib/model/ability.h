/* SPDX-License-Identifier: Apache-2.0 */
/* What a format of other programs can say of a profile, as data: pass_fit goes by it, and a format's writer may rely on it. */
#ifndef CALLGATE_ABILITY_H
#define CALLGATE_ABILITY_H

#include "model/profile.h"

/* One bit for each action that a filter may answer. */
#define ABILITY_ALLOW        (1u << 0)
#define ABILITY_LOG          (1u << 1)
#define ABILITY_TRACE        (1u << 2)
#define ABILITY_NOTIFY       (1u << 3)
#define ABILITY_ERRNO        (1u << 4)
#define ABILITY_TRAP         (1u << 5)
#define ABILITY_KILL_THREAD  (1u << 6)
#define ABILITY_KILL_PROCESS (1u << 7)
#define ABILITY_ALL          0xffu

struct profile_abilities {
	const char *format;     /* for messages: "systemd" */
	const char *cannot;     /* id of what it cannot say: "systemd-cannot" */
	unsigned defaults;      /* actions for what no rule decides */
	unsigned in_allow_list; /* actions of rules where the default refuses … */
	unsigned in_deny_list;  /* … and where it does not */
	uint32_t default_errno; /* the only errno of a default; 0: any */
	uint32_t errno_min;     /* 1 where 0 stands for something else; of TRACE too */
	uint32_t trace_max;
	bool conditions;        /* on arguments */
	bool same_argument;     /* several conditions of one rule on one argument, all of which must hold */
	uint64_t value_max;     /* in conditions */
	bool guards;            /* Docker's includes and excludes; without, the profile is specialised first */
	bool literal;           /* compared at the width that libseccomp compares */
	bool unknown;           /* an answer of their own to numbers newer than the table */
	bool loading;           /* flags and the listener */
	bool any_bad_arch;      /* any answer to other ABIs; else … */
	uint32_t bad_arch;      /* … always this one */
	bool (*knows)(int syscall); /* names that its program is too old for; NULL: none */
};

/* How far a call gets: refused, left to another process, let through. */
enum ability_rank { ABILITY_REFUSED, ABILITY_ASKED, ABILITY_PERMITTED };
enum ability_rank profile_action_rank(uint32_t action);
/* The ABILITY_… of an action; 0 for one that no format has: unknown, or with data where the kernel ignores it. */
unsigned profile_action_bit(uint32_t action);
/* Does one of these ABIs have this call, by a number of its own or through socketcall or ipc? */
bool profile_call_exists(int syscall, unsigned abis);

#endif
