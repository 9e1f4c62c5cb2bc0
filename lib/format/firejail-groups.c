/* SPDX-License-Identifier: Apache-2.0 */
/*
 * firejail's own groups of system calls: those that its default list is made of, and the smaller ones. Not systemd's, though the names
 * are the same. Source: firejail's src/lib/syscall.c as of 2024 (0.9.73). Names that no ABI here has are left out, as firejail does.
 * A group that is not here is refused by the reader.
 */
#include "format/firejail.h"

#include <string.h>

#include "base/util.h"

static const struct {
	const char *name, *members;
} groups[] = {
	{ "@aio", "io_cancel io_destroy io_getevents io_pgetevents io_setup io_submit io_uring_enter io_uring_register io_uring_setup" },
	{ "@chown", "chown chown32 fchown fchown32 fchownat lchown lchown32" },
	{ "@clock", "adjtimex clock_adjtime clock_settime settimeofday stime" },
	{ "@cpu-emulation", "modify_ldt subpage_prot switch_endian vm86 vm86old" },
	{ "@debug", "lookup_dcookie perf_event_open pidfd_getfd process_vm_writev rtas s390_runtime_instr sys_debug_setcontext" },
	{ "@default", "@clock @cpu-emulation @debug @module @mount @obsolete @raw-io @reboot @swap open_by_handle_at name_to_handle_at "
		      "ioprio_set syslog fanotify_init add_key request_key mbind migrate_pages move_pages keyctl io_setup io_destroy "
		      "io_getevents io_submit io_cancel remap_file_pages set_mempolicy vmsplice userfaultfd acct bpf nfsservctl "
		      "setdomainname sethostname vhangup" },
	{ "@default-keep", "execveat execve prctl" },
	{ "@default-nodebuggers", "@default ptrace personality process_vm_readv" },
	{ "@keyring", "add_key keyctl request_key" },
	{ "@memlock", "mlock mlock2 mlockall munlock munlockall" },
	{ "@module", "delete_module finit_module init_module" },
	{ "@mount", "chroot fsconfig fsmount fsopen fspick mount move_mount open_tree pivot_root umount umount2" },
	{ "@obsolete", "_sysctl afs_syscall bdflush break create_module ftime get_kernel_syms getpmsg gtty idle lock mpx prof profil "
		       "putpmsg query_module security sgetmask ssetmask stty sysfs tuxcall ulimit uselib ustat vserver" },
	{ "@raw-io", "ioperm iopl pciconfig_iobase pciconfig_read pciconfig_write s390_pci_mmio_read s390_pci_mmio_write" },
	{ "@reboot", "kexec_load kexec_file_load reboot" },
	{ "@resources", "ioprio_set mbind migrate_pages move_pages nice sched_setaffinity sched_setattr sched_setparam sched_setscheduler "
			"set_mempolicy" },
	{ "@setuid", "setgid setgid32 setgroups setgroups32 setregid setregid32 setresgid setresgid32 setresuid setresuid32 setreuid "
		     "setreuid32 setuid setuid32" },
	{ "@swap", "swapon swapoff" },
	{ "@sync", "fdatasync fsync msync sync sync_file_range sync_file_range2 syncfs" },
	{ "@timer", "alarm getitimer setitimer timer_create timer_delete timer_getoverrun timer_gettime timer_settime timerfd_create "
		    "timerfd_gettime timerfd_settime times" },
};

const char *firejail_group(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(groups); i++)
		if (!strcmp(groups[i].name, name))
			return groups[i].members;
	return NULL;
}
