#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Write data/constants.csv: the named constants that system call arguments take.

    tools/gen-constants.py [--note TEXT] HEADERS > data/constants.csv

HEADERS is a directory into which linux-libc-dev of Debian trixie or later was unpacked (dpkg -x): one package with
the headers of every architecture. Needs clang, which compiles for all of them, and the machine's own libc headers for what
the kernel's leave to libc (AF_*, MSG_*, SHUT_* ...); those do not differ between the ABIs that Callgate knows.

A family is a row of FAMILIES: headers, and which names of them belong to it. Names that are no constant, or not in some ABI,
drop out by themselves: each candidate is compiled, and what the compiler refuses is left out. A constant with the same value in
all ABIs gets one row; one that all have but with other values somewhere, further rows for those; and one that only some ABIs have,
a row for each of them.
"""
import argparse
import concurrent.futures
import functools
import os
import re
import subprocess
import sys
import tempfile

# ABI: folder of its headers, clang's target, more macros. clang 14 cannot target LoongArch: its data layout is RISC-V's.
ABIS = {
    "x86_64": ("x86_64-linux-gnu", "x86_64-linux-gnu", []),
    "x32": ("x86_64-linux-gnux32", "x86_64-linux-gnux32", []),
    "i386": ("i386-linux-gnu", "i386-linux-gnu", []),
    "aarch64": ("aarch64-linux-gnu", "aarch64-linux-gnu", []),
    "arm": ("arm-linux-gnueabihf", "arm-linux-gnueabihf", []),
    "riscv64": ("riscv64-linux-gnu", "riscv64-linux-gnu", []),
    "ppc64le": ("powerpc64le-linux-gnu", "powerpc64le-linux-gnu", []),
    "s390x": ("s390x-linux-gnu", "s390x-linux-gnu", []),
    "loongarch64": ("loongarch64-linux-gnu", "riscv64-linux-gnu",
                    ["-U__riscv", "-D__loongarch__", "-D__loongarch64", "-D__loongarch_grlen=64"]),
}

O_BITS = r"O_CLOEXEC|O_NONBLOCK"

# family: (headers, pattern of names, pattern of names that are something else). A pattern `enum NAME` takes the
# enumerators of that type; `column0 PATTERN` takes only macros whose line starts with `#define`: linux/prctl.h
# indents those that are no option. Headers that start with `libc:` are the machine's own.
FAMILIES = {
    "arch_prctl": (["asm/prctl.h"], r"ARCH_\w+", r"ARCH_(XCOMP_TILE\w*|SHSTK_(SHSTK|WRSS))"),
    "at_flags": (["linux/fcntl.h"], r"AT_[A-Z]\w+", r"AT_FDCWD|AT_HANDLE_\w+|AT_RENAME_\w+|AT_EXECVE_CHECK"),
    "bpf_cmd": (["linux/bpf.h"], r"enum bpf_cmd", r"__\w+|BPF_PROG_RUN"),
    "clock": (["linux/time.h"], r"CLOCK_\w+", r"CLOCK_\w*(MASK|MONO)|CLOCK_AUX_LAST"),
    "clone_flags": (["linux/sched.h"], r"CLONE_\w+", r"CLONE_ARGS_\w+"),
    "close_range_flags": (["linux/close_range.h"], r"CLOSE_RANGE_\w+", None),
    "epoll_flags": (["linux/eventpoll.h"], r"EPOLL_CLOEXEC", None),
    "epoll_op": (["linux/eventpoll.h"], r"EPOLL_CTL_\w+", None),
    "eventfd_flags": (["linux/eventfd.h"], r"EFD_\w+", None),
    "fadvise": (["linux/fadvise.h"], r"POSIX_FADV_\w+", None),
    "fallocate_mode": (["linux/falloc.h"], r"FALLOC_FL_\w+", None),
    "fcntl": (["linux/fcntl.h"], r"F_\w+", r"F_(RDLCK|WRLCK|UNLCK|EXLCK|SHLCK|SEAL_\w+|OWNER_\w+|LINUX_SPECIFIC_BASE|CREATED)"),
    "fd": (["linux/fcntl.h"], r"AT_FDCWD", None),
    "flock_op": (["linux/fcntl.h"], r"LOCK_(SH|EX|UN|NB)", None),
    "fsopen_flags": (["linux/mount.h"], r"FSOPEN_\w+", None),
    "futex_op": (["linux/futex.h"], r"FUTEX_\w+",
                 r"FUTEX_(WAITERS|OWNER_DIED|TID_MASK|BITSET_MATCH_ANY|OP_\w+|32|CMD_MASK|WAITV_MAX|NO_NODE|\w*SIZE\w*|NUMA|ROBUST_\w+)"),
    "getrandom_flags": (["linux/random.h"], r"GRND_\w+", None),
    "inotify_flags": (["linux/inotify.h"], r"IN_(CLOEXEC|NONBLOCK)", None),
    "io_uring_enter_flags": (["linux/io_uring.h"], r"IORING_ENTER_\w+", None),
    "io_uring_register": (["linux/io_uring.h"], r"enum io_uring_register_op", r"IORING_REGISTER_LAST"),
    "ioctl": (["@ioctl"], None, None),
    "ipc_call": (["linux/ipc.h"], r"(SEM|MSG|SHM)(OP|GET|CTL|TIMEDOP|SND|RCV|AT|DT)", None),
    "itimer": (["linux/time.h"], r"ITIMER_\w+", None),
    "kcmp_type": (["linux/kcmp.h"], r"KCMP_\w+", r"KCMP_TYPES"),
    "keyctl": (["linux/keyctl.h"], r"KEYCTL_\w+", r"KEYCTL_(SUPPORTS|CAPS\d)_\w+|KEYCTL_MOVE_EXCL"),
    "landlock_rule_type": (["linux/landlock.h"], r"enum landlock_rule_type", None),
    "madvise": (["linux/mman.h"], r"MADV_\w+", None),
    "membarrier_cmd": (["linux/membarrier.h"], r"MEMBARRIER_CMD_\w+", r"MEMBARRIER_CMD_FLAG_\w+"),
    "memfd_flags": (["linux/memfd.h"], r"MFD_\w+", r"MFD_HUGE_(SHIFT|MASK)"),
    "mlockall_flags": (["linux/mman.h"], r"MCL_\w+", None),
    "mmap_flags": (["linux/mman.h"], r"MAP_\w+", r"MAP_HUGE_(SHIFT|MASK)|MAP_TYPE"),
    "mmap_prot": (["linux/mman.h"], r"PROT_\w+", None),
    "module_flags": (["linux/module.h"], r"MODULE_INIT_\w+", None),
    "mount_flags": (["linux/mount.h"], r"MS_\w+", None),
    "mremap_flags": (["linux/mman.h"], r"MREMAP_\w+", None),
    "msg_flags": (["libc:sys/socket.h"], r"MSG_\w+", None),
    "msgctl": (["linux/msg.h"], r"MSG_(STAT|INFO|STAT_ANY)|IPC_(RMID|SET|STAT|INFO)", None),
    "msync_flags": (["linux/mman.h"], r"MS_(ASYNC|INVALIDATE|SYNC)", None),
    "ns_flags": (["linux/sched.h"], r"CLONE_NEW\w+", None),
    "open_flags": (["linux/fcntl.h"], r"O_\w+", None),
    "personality": (["linux/personality.h"], r"PER_\w+|ADDR_\w+|UNAME26|FDPIC_FUNCPTRS|MMAP_PAGE_ZERO|READ_IMPLIES_EXEC|SHORT_INODE|"
                    r"STICKY_TIMEOUTS|WHOLE_SECONDS", r"PER_(MASK|CLEAR_ON_SETID)"),
    "prctl": (["linux/prctl.h"], r"column0 PR_\w+", r"PR_(FP_EXC|SPEC|SVE_VL|SME_VL|MTE|TAGGED|SYS_DISPATCH|CFI)_\w+"),
    "priority_which": (["linux/resource.h"], r"PRIO_(PROCESS|PGRP|USER)", None),
    "ptrace": (["linux/ptrace.h"], r"PTRACE_\w+", r"PTRACE_(EVENT_|O_|SYSCALL_INFO_|PEEKSIGINFO_SHARED|\w+_MASK|VM86OLD|EVENTMSG_)\w*"),
    "reboot_cmd": (["linux/reboot.h"], r"LINUX_REBOOT_CMD_\w+", None),
    "reboot_magic": (["linux/reboot.h"], r"LINUX_REBOOT_MAGIC\w+", None),
    "rename_flags": (["linux/fs.h"], r"RENAME_\w+", None),
    "rlimit": (["linux/resource.h"], r"RLIMIT_\w+", None),
    "sched_policy": (["linux/sched.h"], r"SCHED_\w+", r"SCHED_(FLAG|GETATTR)_\w+|SCHED_ATTR_\w+"),
    "seccomp_flags": (["linux/seccomp.h"], r"SECCOMP_FILTER_FLAG_\w+", None),
    "seccomp_op": (["linux/seccomp.h"], r"SECCOMP_(SET_MODE|GET)_\w+", None),
    "semctl": (["linux/sem.h"], r"GET(PID|VAL|ALL|NCNT|ZCNT)|SET(VAL|ALL)|SEM_(STAT|INFO|STAT_ANY)|IPC_(RMID|SET|STAT|INFO)", None),
    "shmctl": (["linux/shm.h"], r"SHM_(LOCK|UNLOCK|STAT|INFO|STAT_ANY)|IPC_(RMID|SET|STAT|INFO)", None),
    "shutdown_how": (["libc:sys/socket.h"], r"SHUT_\w+", None),
    "signal": (["linux/signal.h"], r"SIG[A-Z]+[A-Z0-9]*", r"SIG(RTMIN|RTMAX|STKSZ|EV_\w+|SWI)"),
    "signalfd_flags": (["linux/signalfd.h"], r"SFD_\w+", None),
    "sigprocmask_how": (["linux/signal.h"], r"SIG_(BLOCK|UNBLOCK|SETMASK)", None),
    "socket_domain": (["libc:sys/socket.h"], r"AF_\w+", r"AF_MAX"),
    "socket_protocol": (["linux/in.h"], r"IPPROTO_\w+", r"IPPROTO_MAX"),
    "socket_type": (["libc:sys/socket.h"], r"SOCK_[A-Z]\w+", None),
    "socketcall": (["linux/net.h"], r"SYS_\w+", None),
    "sockopt": (["callgate-time.h", "linux/socket.h", "asm/socket.h"], r"SO_\w+", r"SO_TXTIME_\w+"),
    "sockopt_level": (["libc:sys/socket.h", "libc:netinet/in.h", "libc:netinet/tcp.h", "libc:netinet/udp.h"], r"SOL_\w+", None),
    "splice_flags": (["libc:fcntl.h"], r"SPLICE_F_\w+", None),
    "timer_flags": (["linux/time.h"], r"TIMER_ABSTIME", None),
    "timerfd_flags": (["linux/timerfd.h"], r"TFD_(CLOEXEC|NONBLOCK)", None),
    "umount_flags": (["libc:sys/mount.h"], r"MNT_\w+|UMOUNT_\w+", None),
    "userfaultfd_flags": (["linux/userfaultfd.h", "linux/fcntl.h"], r"UFFD_USER_MODE_ONLY|" + O_BITS, None),
    "wait_options": (["linux/wait.h"], r"W[A-Z]+|__W[A-Z]+", None),
    "waitid_type": (["linux/wait.h"], r"P_\w+", None),
    "whence": (["linux/fs.h"], r"SEEK_\w+", r"SEEK_MAX"),
}

# Families written as 0x… in the file: bits, and packed numbers.
HEX = {"ioctl", "personality", "reboot_cmd", "reboot_magic", "mmap_prot", "fallocate_mode"}

# Second names: understood, but never chosen to print a value.
SECOND = {
    "AF_FILE", "AF_LOCAL", "AF_ROUTE", "CLOCK_SGI_CYCLE", "FUTEX_PRIVATE_FLAG", "MAP_ANON", "MAP_FILE", "O_FSYNC", "O_NDELAY", "PER_XENIX",
    "SCHED_OTHER", "SIGCLD", "SIGIOT", "SIGPOLL", "SIGUNUSED", "SO_DETACH_BPF", "SO_GET_FILTER", "WSTOPPED", "MSG_TRYHARD",
    "BTRFS_IOC_CLONE", "BTRFS_IOC_CLONE_RANGE", "BTRFS_IOC_FILE_EXTENT_SAME", "BTRFS_IOC_SHUTDOWN", "EXFAT_IOC_SHUTDOWN", "EXT4_IOC_SHUTDOWN",
    "F2FS_IOC_SHUTDOWN", "HDIO_DRIVE_CMD_AEB", "KVM_ARM_SET_DEVICE_ADDR", "SIOCINQ", "SIOCOUTQ", "SIOGIFINDEX", "TIOCINQ",
}

# Headers whose ioctls are, at least in part, plain numbers; the family takes all that linux/ defines with _IO*() besides.
PLAIN_IOCTL = {"asm/ioctls.h": r"(TC|TIO|FIO|SIO)\w+", "asm-generic/ioctls.h": r"(TC|TIO|FIO|SIO)\w+",
               "asm-generic/sockios.h": r"(FIO|SIO)\w+", "asm/sockios.h": r"(FIO|SIO)\w+", "linux/sockios.h": r"SIOC\w+|SIO\w+", "linux/if_tun.h": r"TUN\w+",
               "linux/loop.h": r"LOOP_\w+", "linux/vt.h": r"VT_\w+", "linux/kd.h": r"KD\w+|GIO_\w+|PIO_\w+", "linux/cdrom.h": r"CDROM\w+",
               "linux/hdreg.h": r"HDIO_\w+", "scsi/sg.h": r"SG_\w+"}

STUBS = {
    # Some kernel headers include these of libc. What they need of them, and no more, so that every ABI has it.
    "sys/socket.h": "#include <linux/socket.h>\nstruct sockaddr { unsigned short sa_family; char sa_data[14]; };\n",
    "sys/types.h": "#include <linux/types.h>\n", "string.h": "", "stdint.h": "#include <linux/types.h>\n#include_next <stdint.h>\n",
    "sys/time.h": "#include <linux/time.h>\n", "sys/ioctl.h": "#include <asm/ioctls.h>\n", "unistd.h": "", "time.h": "#include <linux/time.h>\n",
    "stdio.h": "", "stdlib.h": "", "errno.h": "#include <asm/errno.h>\n", "limits.h": "#define INT_MAX 2147483647\n",
    # SO_RCVTIMEO and its like depend on libc's time_t: the one that is as wide as the kernel's old one, libc's default.
    "callgate-time.h": "#include <linux/time_types.h>\ntypedef __kernel_old_time_t time_t;\n",
    "netinet/in.h": "#include <linux/in.h>\n", "arpa/inet.h": "", "endian.h": "",
}


class Compiler:
    """clang for one ABI."""

    def __init__(self, root, abi, stubs):
        folder, target, macros = ABIS[abi]
        include = os.path.join(root, "usr/include")
        self.name = abi
        self.root, self.folder = include, os.path.join(include, folder)
        self.kernel = ["clang", f"--target={target}", "-nostdlibinc", *macros, f"-I{stubs}", f"-I{self.folder}", f"-I{include}"]
        self.libc = ["clang", "-D_GNU_SOURCE"]

    def command(self, headers):
        return self.libc if any(h.startswith("libc:") for h in headers) else self.kernel

    def run(self, headers, arguments, text, check=True):
        prefix = "".join(f"#include <{h.removeprefix('libc:')}>\n" for h in headers)
        return subprocess.run([*self.command(headers), "-x", "c", "-w", *arguments, "-"], input=prefix + text, capture_output=True, text=True,
                              check=check)

    @functools.lru_cache(maxsize=None)
    def preprocessed(self, headers):
        """The headers' text with their macros, or nothing when they cannot be included."""
        result = self.run(headers, ["-E", "-P", "-dD"], "", check=False)
        return result.stdout if result.returncode == 0 else ""

    def exists(self, header):
        return header.startswith("libc:") or header in STUBS or any(os.path.exists(os.path.join(d, header)) for d in (self.folder, self.root))

    def values(self, headers, names):
        """{name: value} of those that are integer constants."""
        for _ in range(4):
            start = len(headers) + 1
            text = "".join(f"const unsigned long long cg_{n} = (unsigned long long)({n});\n" for n in names)
            result = self.run(headers, ["-S", "-emit-llvm", "-o", "-", "-ferror-limit=0", "-fno-caret-diagnostics"], text, check=False)
            if result.returncode == 0:
                found = re.findall(r"^@cg_(\w+) = .*constant i64 (-?\d+)", result.stdout, re.M)
                return {name: int(value) & 0xffffffffffffffff for name, value in found}
            bad = {int(line) - start for line in re.findall(r"^<stdin>:(\d+):\d+: error", result.stderr, re.M)}
            if not bad or min(bad) < 0:
                return {}
            names = [n for i, n in enumerate(names) if i not in bad]
        return {}


def candidates(compiler, headers, pattern):
    """Names in the headers that a family's pattern takes."""
    text = compiler.preprocessed(tuple(headers))
    if pattern.startswith("enum "):
        body = re.search(re.escape(pattern) + r"\s*\{(.*?)\}", text, re.S)
        names = re.findall(r"\b[A-Za-z_]\w+\b", body[1]) if body else []
        pattern = r"\w+"
    elif pattern.startswith("column0 "):
        pattern = pattern.removeprefix("column0 ")
        with open(os.path.join(compiler.root, headers[0]), encoding="utf-8") as file:
            names = re.findall(r"^#define\s+(\w+)", file.read(), re.M)
    else:
        names = re.findall(r"\b[A-Za-z_]\w+\b", text)
    return sorted({n for n in names if re.fullmatch(pattern, n)})


def ioctl_names(compiler, header):
    """What a header defines as ioctl: by _IO*(), and for old ones by name."""
    path = next((p for d in (compiler.folder, compiler.root) if os.path.exists(p := os.path.join(d, header))), None)
    if not path:
        return set()
    with open(path, encoding="utf-8") as file:
        text = file.read().replace("\\\n", " ")
    names = re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]+_(?:IO|IOR|IOW|IOWR|IOC)\s*\(", text, re.M)
    if header in PLAIN_IOCTL:
        names += [n for n in re.findall(r"^[ \t]*#[ \t]*define[ \t]+(\w+)[ \t]", text, re.M) if re.fullmatch(PLAIN_IOCTL[header], n)]
    return set(names)


def ioctl_values(compiler):
    """All ioctl numbers."""
    headers = [f"linux/{h}" for h in sorted(os.listdir(os.path.join(compiler.root, "linux"))) if h.endswith(".h")]
    headers += ["asm/ioctls.h", "asm/sockios.h", "drm/drm.h", "scsi/sg.h"]
    wanted = {h: names for h in headers if (names := ioctl_names(compiler, h))}
    for name in ("ioctls.h", "sockios.h"):
        # Most ABIs' header only includes the generic one. Including that directly would overrule those that have their own.
        wanted.setdefault(f"asm/{name}", set()).update(ioctl_names(compiler, f"asm-generic/{name}"))
    merged = {}
    collect(compiler, sorted(wanted), wanted, merged)
    return {name: value for name, value in merged.items()
            if 0xff < value <= 0xffffffff and not re.search(r"_(MASK|MAX|SHIFT|BASE|OFFSET)$", name)}


def collect(compiler, headers, wanted, merged):
    """Values of many headers at once. Those that the compiler complains of are set aside and tried without the others."""
    first = ["callgate-time.h", "linux/ioctl.h", "linux/termios.h"]
    result = compiler.run([*first, *headers], ["-fsyntax-only", "-ferror-limit=0", "-fno-caret-diagnostics"], "", check=False)
    lines = {int(line) - len(first) - 1 for line in re.findall(r"^In file included from <stdin>:(\d+):", result.stderr, re.M)}
    bad = [h for i, h in enumerate(headers) if i in lines]
    if result.returncode == 0:
        merged |= compiler.values([*first, *headers], sorted(set().union(*(wanted[h] for h in headers))))
    elif len(headers) == 1:
        if compiler.name == "x86_64":
            print(f"gen-constants: {headers[0]} cannot be included", file=sys.stderr)
    elif bad and len(bad) < len(headers):
        collect(compiler, [h for h in headers if h not in bad], wanted, merged)
        collect(compiler, bad, wanted, merged)
    else:
        middle = len(headers) // 2
        collect(compiler, headers[:middle], wanted, merged)
        collect(compiler, headers[middle:], wanted, merged)


def family_values(compiler, family):
    headers, pattern, other = FAMILIES[family]
    if headers == ["@ioctl"]:
        return ioctl_values(compiler)
    if not all(map(compiler.exists, headers)):
        return {}
    names = [n for n in candidates(compiler, headers, pattern) if not (other and re.fullmatch(other, n))]
    return compiler.values(headers, names)


def rows_of(family, per_abi):
    """Rows of a family from {abi: {name: value}}."""
    having = [abi for abi in ABIS if per_abi[abi]]
    rows = []
    for name in sorted(set().union(*per_abi.values())):
        values = {abi: per_abi[abi][name] for abi in having if name in per_abi[abi]}
        everywhere = len(values) == len(ABIS)
        common = values.get("x86_64") if everywhere else None
        if everywhere:
            rows.append((family, common, name in SECOND, name, ""))
        rows += [(family, value, name in SECOND, name, abi) for abi, value in values.items() if value != common]
    return sorted(rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--note", action="append", default=[])
    parser.add_argument("headers")
    options = parser.parse_args()

    with tempfile.TemporaryDirectory() as stubs, concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, text in STUBS.items():
            path = os.path.join(stubs, name)
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
        compilers = {abi: Compiler(options.headers, abi, stubs) for abi in ABIS}
        jobs = {(family, abi): pool.submit(family_values, compilers[abi], family) for family in FAMILIES for abi in ABIS}
        values = {key: job.result() for key, job in jobs.items()}

    print("# SPDX-License-Identifier: Apache-2.0")
    print("# Named constants by family. An empty abi: all ABIs, but for those that have a row of their own. alias: a second name, never printed.")
    for note in options.note:
        print(f"# {note}")
    print("# Written by tools/gen-constants.py; correct the tool or its input, not this file.")
    print("family,name,value,abi,alias")
    for family in sorted(FAMILIES):
        rows = rows_of(family, {abi: values[family, abi] for abi in ABIS})
        if not rows:
            print(f"gen-constants: {family} is empty", file=sys.stderr)
        for _, value, second, name, abi in rows:
            text = f"{value:#x}" if family in HEX or family.endswith("_flags") else str(value)
            print(f"{family},{name},{text},{abi},{'alias' if second else ''}")


if __name__ == "__main__":
    main()
