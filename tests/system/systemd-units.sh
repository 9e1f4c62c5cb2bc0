#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# tests/run: timeout=600
# What is computed from a unit's files is what systemd 252 loads: units in a Debian 12 container, their live filters, compared by meaning.
# CALLGATE_BOOKWORM may name a root folder made by debootstrap, which is copied; without it one is made.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"

[ "$(id -u)" = 0 ] || { skip 'systemd units' 'needs root to start a container'; exit 0; }
[ "$(uname -m)" = x86_64 ] || { skip 'systemd units' 'the units below are for x86-64'; exit 0; }
need 'systemd units' debootstrap systemd-nspawn nsenter
root=$work/root init=
machine=callgate-$$
units=$root/etc/systemd/system

# nspawn moves what it starts into cgroups below its own, which must not be shared with another container.
hierarchies() {
	local folder
	for folder in /sys/fs/cgroup/systemd /sys/fs/cgroup/unified /sys/fs/cgroup; do
		[ ! -e "$folder/cgroup.procs" ] || printf '%s\n' "$folder/$machine"
	done
}

end_container() {
	[ -z "$init" ] || kill -KILL "$init" 2>/dev/null
	[ ${#pids[@]} = 0 ] || wait "${pids[0]}" 2>/dev/null
	hierarchies | while read -r folder; do find "$folder" -depth -type d -exec rmdir {} \; 2>/dev/null; done
	cleanup
}
trap end_container EXIT

if [ -n "${CALLGATE_BOOKWORM-}" ]; then
	cp -a "$CALLGATE_BOOKWORM" "$root"
elif ! debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus bookworm "$root" >"$work/debootstrap.out" 2>&1; then
	skip 'systemd units' "debootstrap: $(tail -n 1 "$work/debootstrap.out")"
	exit 0
fi
echo "$machine" >"$root/etc/hostname"
tr -d - </proc/sys/kernel/random/uuid >"$root/etc/machine-id"
cp "$PROGRAMS/dump-filters" "$root/usr/bin/"

# unit NAME LINE…: a service that sleeps
unit() {
	local name=$1
	shift
	printf '%s\n' '[Service]' 'ExecStart=/usr/bin/sleep infinity' "$@" >"$units/t-$name.service"
	names+=("$name")
}
# dropin FOLDER/NAME LINE…
dropin() {
	mkdir -p "$(dirname "$root$1")"
	printf '%s\n' '[Service]' "${@:2}" >"$root$1"
}

names=()
for line in ProtectHostname=yes 'RestrictAddressFamilies=AF_UNIX AF_INET AF_NETLINK' MemoryDenyWriteExecute=yes RestrictRealtime=yes \
	RestrictSUIDSGID=yes RestrictNamespaces=yes ProtectKernelTunables=yes ProtectKernelModules=yes ProtectKernelLogs=yes ProtectClock=yes \
	PrivateDevices=yes SystemCallArchitectures=native LockPersonality=yes 'SystemCallLog=@mount open' SystemCallFilter=@system-service \
	DynamicUser=yes; do
	unit "alone-${line%%=*}" "$line"
done
unit allow 'SystemCallFilter=@system-service' 'SystemCallFilter=~@resources mount:ENOSYS ptrace:kill' SystemCallErrorNumber=EPERM
unit deny 'SystemCallFilter=~@mount socket semop socketcall:ENOSYS cachestat'
unit deny-again 'SystemCallFilter=~@raw-io socket semop bind shmat' 'SystemCallFilter=bind' SystemCallErrorNumber=38
unit reset 'SystemCallFilter=@system-service' 'SystemCallFilter=' 'SystemCallFilter=~@clock' 'SystemCallFilter=settimeofday'
unit log-most 'SystemCallLog=~@basic-io read write'
unit log-nothing SystemCallLog=mount SystemCallLog=~mount
unit families 'RestrictAddressFamilies=none' 'RestrictAddressFamilies=~AF_PACKET AF_VSOCK' 'RestrictAddressFamilies=AF_VSOCK'
unit families-none RestrictAddressFamilies=none
unit namespaces 'RestrictNamespaces=mnt net' 'RestrictNamespaces=~net' RestrictNamespaces=uts
unit namespaces-deny 'RestrictNamespaces=~user pid' RestrictNamespaces=~net
unit namespaces-time RestrictNamespaces=time
unit namespaces-all 'RestrictNamespaces=cgroup ipc net mnt pid user uts'
unit archs 'SystemCallArchitectures=x86-64 x86 arm' LockPersonality=yes Personality=x86 SystemCallFilter=@system-service
unit archs-all 'SystemCallArchitectures=native x86 x32' SystemCallLog=@mount
unit dynamic DynamicUser=yes RestrictSUIDSGID=no User=nobody-here NoNewPrivileges=no
# shellcheck disable=SC1003 # a line that goes on
unit ignored 'SystemCallFilter=read:EPERM @system-service @nosuch ~@chown' SystemCallErrorNumber=4096 'RestrictAddressFamilies="AF_INET" AF_NOSUCH' \
	'RestrictNamespaces=mnt nosuch' 'SystemCallArchitectures=native pdp11' ProtectClock=perhaps ProtectKernelLogs=yes ProtectKernelLogs= \
	'no assignment' '[X-Foo]' LockPersonality=yes '[Service]' '  RestrictRealtime = On  ' 'SystemCallLog=~open:EPERM \' '# between' '  @mount'
hardened=(ProtectHostname=yes 'RestrictAddressFamilies=AF_INET AF_INET6' MemoryDenyWriteExecute=1 RestrictRealtime=on RestrictSUIDSGID=true
	'RestrictNamespaces=~user mnt' ProtectKernelTunables=yes ProtectKernelModules=yes ProtectKernelLogs=yes ProtectClock=yes
	PrivateDevices=yes LockPersonality=yes SystemCallLog=ptrace 'SystemCallFilter=@system-service' 'SystemCallFilter=~@privileged @resources')
unit all "${hardened[@]}" SystemCallErrorNumber=EPERM
unit all-native "${hardened[@]}" SystemCallArchitectures=native 'SystemCallFilter=~setpriority:EACCES ptrace:ENOSYS'
printf '%s\n' '[Service]' 'ExecStart=+/usr/bin/sleep infinity' ProtectClock=yes >"$units/t-plus.service"
names+=(plus)
# the same names in several folders, prefixes, a masked one, an alias, all services'
unit a-b-c ProtectClock=yes RestrictRealtime=yes
ln -s t-a-b-c.service "$units/t-alias.service"
dropin /etc/systemd/system/t-a-b-c.service.d/10.conf 'SystemCallFilter=@system-service @mount'
dropin /usr/lib/systemd/system/t-a-b-c.service.d/10.conf SystemCallErrorNumber=EIO
dropin /usr/lib/systemd/system/t-a-b-.service.d/20.conf SystemCallFilter=~mount SystemCallErrorNumber=EACCES
dropin /etc/systemd/system/t-a-.service.d/30.conf ProtectClock=no
dropin /usr/lib/systemd/system/t-a-b-c.service.d/40.conf RestrictRealtime=no
ln -s /dev/null "$units/t-a-b-c.service.d/40.conf"
dropin /etc/systemd/system/t-alias.service.d/50.conf MemoryDenyWriteExecute=yes
dropin /run/systemd/system/t-a-b-c.service.d/60.conf RestrictSUIDSGID=yes # gone at boot: /run is mounted over
# an instance: its own, its template's
dropin /etc/systemd/system/t-x-y@.service ExecStart='/usr/bin/sleep infinity' ProtectClock=yes
dropin /etc/systemd/system/t-x-y@.service.d/a.conf ProtectKernelLogs=yes
dropin /usr/lib/systemd/system/t-x-y@1.service.d/a.conf RestrictRealtime=yes
dropin /etc/systemd/system/t-x-@.service.d/b.conf LockPersonality=yes
dropin /etc/systemd/system/t-x-.service.d/c.conf PrivateDevices=yes
names+=(x-y@1)
# what libseccomp refuses
printf '%s\n' '[Service]' 'ExecStart=/usr/bin/sleep infinity' SystemCallFilter=@system-service SystemCallFilter=~mount:EPERM SystemCallErrorNumber=EPERM \
	>"$units/t-same.service"
rm -rf "$root/run/systemd/system"

(
	hierarchies | while read -r folder; do mkdir -p "$folder"; done
	for folder in $(hierarchies); do echo "$BASHPID" >"$folder/cgroup.procs"; done
	exec env SYSTEMD_SECCOMP=0 systemd-nspawn -D "$root" -M "$machine" -b --register=no --keep-unit --console=pipe </dev/null >"$work/boot.out" 2>&1
) &
pids+=($!)

inside() { nsenter -t "$init" -m -u -i -p -n -C -r -w env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"; }
has_init() { init=$(pgrep -P "${pids[0]}" -x systemd); }
is_up() { inside systemctl is-active -q basic.target; }
for ((i = 0; i < 8 && ${#init} == 0; i++)); do wait_for has_init; done
for ((i = 0; i < 8; i++)); do wait_for is_up && break; done
if ! inside systemctl is-active -q basic.target; then
	not_ok 'systemd units: the container is up' 'basic.target is not active'
	show "$work/boot.out"
	exit 0
fi

version=$(inside systemctl --version | sed -n '1s/systemd \([0-9]*\).*/\1/p')
if [ "$version" = 252 ]; then ok 'systemd units: the container runs systemd 252'; else not_ok 'systemd units: the container runs systemd 252' "$version"; fi

# check_unit NAME: its main process has the filters that we compute
check_unit() {
	local name=$1 pid
	pid=$(inside systemctl show -P MainPID "t-$name.service")
	mkdir -p "$root/dump/$name"
	if [ "$pid" = 0 ] || ! inside dump-filters "$pid" "/dump/$name" >"$work/dump.out" 2>&1; then
		not_ok "systemd units: $name" "no filters of process $pid"
		show "$work/dump.out"
		return
	fi
	if "$PROGRAMS/unit-compare" "$root" "t-$name.service" "$root/dump/$name" >"$work/compare.out"; then
		ok "systemd units: $name ($(tail -n 1 "$work/compare.out"))"
	else
		not_ok "systemd units: $name" 'the live filters mean something else'
		show "$work/compare.out"
	fi
}
inside systemctl daemon-reload
inside systemctl --no-block start "${names[@]/#/t-}"
started() { [ "$(inside systemctl show -P MainPID "${names[@]/#/t-}" | grep -c '^[1-9]')" = ${#names[@]} ]; }
wait_for started
for name in "${names[@]}"; do check_unit "$name"; done

# A check that cannot fail is none: another unit's filters differ, and the directive is named.
"$PROGRAMS/unit-compare" "$root" t-alone-ProtectClock.service "$root/dump/alone-RestrictRealtime" >"$work/wrong.out"
if [ $? = 1 ] && grep -q '^ProtectClock= for ' "$work/wrong.out"; then
	ok 'systemd units: a difference names its directive'
else
	not_ok 'systemd units: a difference names its directive' 'see below'
	show "$work/wrong.out"
fi

inside systemctl start t-same.service >/dev/null 2>&1
wait_for inside systemctl is-failed -q t-same.service
result=$(inside systemctl show -P ExecMainStatus t-same.service)
if [ "$result" = 228 ] && "$PROGRAMS/unit-compare" "$root" t-same.service "$work" | grep -q systemd-same-action; then
	ok 'systemd units: a unit that libseccomp refuses is refused'
else
	not_ok 'systemd units: a unit that libseccomp refuses is refused' "status $result"
fi
