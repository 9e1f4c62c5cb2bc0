#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# runc and crun: the live filters of a container mean what Callgate computes from its JSON, the program runs, an attack is refused.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need runtimes python3 unshare
[ "$(id -u)" = 0 ] || { skip runtimes 'only root can start containers here'; exit 0; }
[ -x "$PROGRAMS/contained" ] || { skip runtimes 'no static C library'; exit 0; }

mkdir -p "$work/bundle/rootfs/proc" "$work/bundle/rootfs/dev"
cp "$PROGRAMS/contained" "$work/bundle/rootfs/"

# config PROFILE: a bundle that applies it; one program, /proc, and as few namespaces as there can be
config() {
	python3 - "$1" "$work/bundle/config.json" <<'PY'
import json, sys
json.dump({
    "ociVersion": "1.0.2",
    "process": {"user": {"uid": 0, "gid": 0}, "args": ["/contained"], "env": ["PATH=/"], "cwd": "/", "noNewPrivileges": True},
    "root": {"path": "rootfs"},
    "mounts": [{"destination": "/proc", "type": "proc", "source": "proc"}],
    "linux": {"namespaces": [{"type": "mount"}, {"type": "pid"}], "seccomp": json.load(open(sys.argv[1]))},
}, open(sys.argv[2], "w"))
PY
}

# Of its own mount namespace with cgroup 2, which crun 1.8 wants to see, and without a cgroup for each container.
start_crun() { unshare --mount sh -c 'mount -t cgroup2 none /sys/fs/cgroup && exec crun --cgroup-manager=disabled --root "$1" run --bundle "$2" "$3"' - "$@"; }
start_runc() { runc --root "$1" run --bundle "$2" "$3"; }

answered() { grep -q '^ready ' "$work/out"; }

# container RUNTIME NAME PROFILE ERRNO: start, look, compare, end; an attack is answered with ERRNO
container() {
	local runtime=$1 name="$1: $2" profile=$3 errno=$4 id="callgate-$$-$RANDOM" pid starter status
	config "$profile"
	rm -f "$work/in" "$work/out"
	mkfifo "$work/in"
	: >"$work/out"
	"start_$runtime" "$work/$runtime" "$work/bundle" "$id" <"$work/in" >"$work/out" 2>"$work/err" &
	starter=$!
	pids+=("$starter")
	exec 9>"$work/in"
	if ! wait_for answered; then
		not_ok "$name" 'the container does not start'
		show "$work/out" "$work/err"
		exec 9>&-
		return
	fi
	pid=$("$runtime" --root "$work/$runtime" state "$id" | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])')
	check "$name: the live filters are those that the JSON means" "$PROGRAMS/policy" live "$pid" "$profile" "$runtime" && sed 's/^/# /' "$work/check.out"
	if [ "$(cat "$work/out")" = "ready $errno" ]; then ok "$name: an attack is refused"; else not_ok "$name: an attack is refused" "$(cat "$work/out")"; fi
	echo x >&9
	exec 9>&-
	wait "$starter"
	status=$?
	if [ $status = 7 ]; then ok "$name: the program runs to its end"; else not_ok "$name: the program runs to its end" "status $status"; fi
}

# Without a profile the attack is not answered with EPERM: the check above can fail.
status 'runtimes: the attack works where nothing forbids it' 7 "$PROGRAMS/contained" <<<x
if grep -qx 'ready 1' "$work/status.out"; then not_ok 'runtimes: the attack can be told' "$(cat "$work/status.out")"; else ok 'runtimes: the attack can be told'; fi

"$PROGRAMS/policy" resolve builtin:docker >"$work/docker.json"
"$PROGRAMS/policy" resolve builtin:docker CAP_SYS_ADMIN CAP_SYS_PTRACE CAP_DAC_READ_SEARCH >"$work/docker-caps.json"
"$PROGRAMS/policy" resolve builtin:podman CAP_AUDIT_WRITE CAP_SYS_CHROOT >"$work/podman.json"
check 'runtimes: a profile is learned' sh -c "echo x | \"$CALLGATE\" record -o '$work/trace' -- '$PROGRAMS/contained' quietly || [ \$? = 7 ]"
check 'runtimes: it is written' "$CALLGATE" learn -o "$work/bare.json" "$work/trace"
# what the runtimes themselves call once the filter is loaded
"$PROGRAMS/policy" resolve "$work/bare.json" +close +epoll_ctl +fstatfs +futex +getdents64 +getpid +openat +write +execve >"$work/learned.json"

for runtime in crun runc; do
	command -v $runtime >/dev/null || { skip "$runtime" "$runtime is not installed"; continue; }
	container $runtime "Docker's default" "$work/docker.json" 1
	container $runtime "Docker's default with capabilities" "$work/docker-caps.json" 1
	container $runtime "a learned profile" "$work/learned.json" 1
done
command -v crun >/dev/null && container crun "Podman's default" "$work/podman.json" 38
