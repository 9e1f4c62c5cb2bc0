#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# redis-server under redis-benchmark, with persistence: recorded, learned, enforced, attacked.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need redis redis-server redis-benchmark redis-cli python3

mkdir "$work/data"
cli="redis-cli -s $work/redis.sock"
cat >"$work/load" <<LOAD
#!/usr/bin/env bash
set -e
for i in \$(seq 200); do $cli ping >/dev/null 2>&1 && break; sleep 0.05; done
redis-benchmark -s $work/redis.sock -q -n 4000 -c 20 -t set,get,incr,lpush,lrange_100,mset >$work/benchmark.out
test "\$($cli set meter 42)" = OK
test "\$($cli get meter)" = 42
test "\$($cli save)" = OK
$cli bgsave >/dev/null
sleep 0.3
$cli bgrewriteaof >/dev/null
sleep 0.3
for i in \$(seq 100); do $cli info persistence | grep -q 'rdb_bgsave_in_progress:0' && $cli info persistence | grep -q 'aof_rewrite_in_progress:0' && $cli info persistence | grep -q 'aof_rewrite_scheduled:0' && break; sleep 0.05; done
$cli eval 'return redis.call("get", KEYS[1])' 1 meter >/dev/null
$cli info >/dev/null
$cli flushall async >/dev/null
LOAD
chmod +x "$work/load"
command=(redis-server --port 0 --unixsocket "$work/redis.sock" --dir "$work/data" --appendonly yes --save '60 1000' --daemonize no --logfile "$work/redis.log")

if "$CALLGATE" harden --json --runs=2 --workload="$work/load" -o "$work/redis.json" -- "${command[@]}" >"$work/harden.out" 2>"$work/harden.err"; then
	ok 'redis: harden'
else
	not_ok 'redis: harden' "status $?"
	show "$work/harden.out" "$work/harden.err" "$work/redis.log"
	exit 0
fi
denied=$(json "$work/harden.out" denied)
if [ "$denied" = 0 ]; then ok 'redis: the trial run has zero denials'; else not_ok 'redis: the trial run has zero denials' "$denied"; fi

rm -rf "$work/data"; mkdir "$work/data"
"$CALLGATE" run "$work/redis.json" -- "${command[@]}" 2>"$work/run.err" &
pids+=($!)
check 'redis: the same workload passes under the profile' "$work/load" || show "$work/run.err" "$work/redis.log"
kill "${pids[0]}"
wait "${pids[0]}"
got=$?
pids=()
if [ "$got" = 0 ]; then ok 'redis: ends cleanly'; else not_ok 'redis: ends cleanly' "status $got"; fi

attacks redis "$work/redis.json" 1 mount socket-packet ptrace bpf init_module kexec_load execve execveat
