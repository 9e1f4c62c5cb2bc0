#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# nginx under a load generator: recorded, learned, enforced, attacked.
# shellcheck source-path=SCRIPTDIR source=lib.sh
. "$(dirname "$0")/lib.sh"
need nginx nginx wrk curl python3

port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
mkdir -p "$work/site/html" "$work/site/logs" "$work/site/tmp"
head -c 200000 /dev/urandom >"$work/site/html/large.bin"
echo '<h1>metering</h1>' >"$work/site/html/index.html"
chmod -R a+rX "$work/site"
cat >"$work/site/nginx.conf" <<CONF
worker_processes 2;
pid $work/site/nginx.pid;
error_log $work/site/logs/error.log;
events { worker_connections 256; }
http {
	access_log $work/site/logs/access.log;
	client_body_temp_path $work/site/tmp;
	proxy_temp_path $work/site/tmp; fastcgi_temp_path $work/site/tmp;
	uwsgi_temp_path $work/site/tmp; scgi_temp_path $work/site/tmp;
	gzip on;
	sendfile on;
	server { listen 127.0.0.1:$port; root $work/site/html; location /post { client_max_body_size 1m; return 204; } }
}
CONF
cat >"$work/load" <<LOAD
#!/usr/bin/env bash
set -e
for i in \$(seq 200); do curl -sf http://127.0.0.1:$port/ >/dev/null && break; sleep 0.05; done
curl -sf http://127.0.0.1:$port/ | grep -q metering
curl -sf http://127.0.0.1:$port/large.bin | cmp - $work/site/html/large.bin
curl -sf -H 'Accept-Encoding: gzip' http://127.0.0.1:$port/ >/dev/null
test "\$(curl -s -o /dev/null -w '%{http_code}' http://127.0.0.1:$port/nothing)" = 404
curl -sf -X POST --data-binary @$work/site/html/large.bin http://127.0.0.1:$port/post >/dev/null
kill -USR1 "\$(cat $work/site/nginx.pid)"
wrk -t2 -c16 -d2s http://127.0.0.1:$port/ >$work/wrk.out
! grep -q 'Non-2xx\\|Socket errors' $work/wrk.out
kill -HUP "\$(cat $work/site/nginx.pid)"
sleep 0.5
curl -sf http://127.0.0.1:$port/ | grep -q metering
LOAD
chmod +x "$work/load"
command=(nginx -p "$work/site" -c "$work/site/nginx.conf" -g 'daemon off;')

if "$CALLGATE" harden --json --runs=2 --workload="$work/load" -o "$work/nginx.json" -- "${command[@]}" >"$work/harden.out" 2>"$work/harden.err"; then
	ok 'nginx: harden'
else
	not_ok 'nginx: harden' "status $?"
	show "$work/harden.out" "$work/harden.err" "$work/site/logs/error.log"
	exit 0
fi
denied=$(json "$work/harden.out" denied)
if [ "$denied" = 0 ]; then ok 'nginx: the trial run has zero denials'; else not_ok 'nginx: the trial run has zero denials' "$denied"; fi

"$CALLGATE" run "$work/nginx.json" -- "${command[@]}" 2>"$work/run.err" &
pids+=($!)
check 'nginx: the same workload passes under the profile' "$work/load" || show "$work/run.err" "$work/site/logs/error.log"
if grep -q '^Seccomp:[[:space:]]*2' "/proc/${pids[0]}/status"; then ok 'nginx: the filter is in force'; else not_ok 'nginx: the filter is in force' "/proc says otherwise"; fi
kill "${pids[0]}"
wait "${pids[0]}"
got=$?
pids=()
if [ "$got" = 0 ]; then ok 'nginx: ends cleanly'; else not_ok 'nginx: ends cleanly' "status $got"; fi

attacks nginx "$work/nginx.json" 1 mount socket-packet ptrace bpf init_module kexec_load execve execveat
