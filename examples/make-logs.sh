#!/usr/bin/env bash
# How the sample logs in examples/logs/ were made: by running real programs and keeping what they wrote.
#
# Runs on Debian 12 as root, installs the programs from Debian's packages, starts them on 127.0.0.1 with private
# configuration in a temporary folder, uses them for about a minute, and stops exactly those it started. Needs Node.js
# and Go for two of the shop's services (`node`, `go` in PATH). Not part of the build; the results are in git.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=$here/logs
LIMIT=30000  # bytes kept of each log, whole lines from its beginning
export PATH=$PATH:/usr/local/go/bin:/usr/sbin

packages=(nginx-light apache2 haproxy redis-server postgresql openssh-server rsyslog sudo sshpass curl
  default-jdk-headless liblogback-java python3)
if ! dpkg -s "${packages[@]}" >/dev/null 2>&1; then
  # Installing must start nothing: the machine may already serve something on these ports.
  DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y --no-install-recommends "${packages[@]}"
fi

work=$(mktemp -d /tmp/make-logs.XXXXXX)
chmod 755 "$work"
pids=()
syslog_socket=0
finish() {
  for pid in "${pids[@]}"; do kill "$pid" 2>/dev/null || true; done
  [[ -d $work/pg ]] && runuser -u postgres -- /usr/lib/postgresql/15/bin/pg_ctl -D "$work/pg" -m fast stop >/dev/null 2>&1 || true
  for pid in "${pids[@]}"; do wait "$pid" 2>/dev/null || true; done
  [[ $syslog_socket == 1 ]] && rm -f /dev/log
  userdel -r deploy-demo 2>/dev/null || true
  rm -rf "$work"
}
trap finish EXIT
background() { "$@" & pids+=($!); }
wait_for() {  # until a TCP port answers
  for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; sleep 0.1; done
  echo "make-logs: nothing answers on port $1" >&2; exit 1
}
free_port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

# Replaces what identifies the machine: its name, its kernel, the temporary folder. Nothing else is touched.
keep() {  # keep FILE NAME
  sed -e "s#$work#/srv/shop#g" -e "s#$(uname -r)#6.1.0-28-amd64#g" -e "s#\b$(hostname)\b#web-1#g" -e 's#deploy-demo#deploy#g' "$1" |
    python3 -c "
import sys
data = sys.stdin.buffer.read()
if len(data) > $LIMIT: data = data[:data.rindex(b'\n', 0, $LIMIT) + 1]
sys.stdout.buffer.write(data)" >"$out/$2"
  echo "make-logs: $2 $(wc -l <"$out/$2") lines, $(wc -c <"$out/$2") bytes"
}

site=$work/site
mkdir -p "$site/products" "$site/img" "$site/private"
echo '<h1>shop</h1>' >"$site/index.html"
echo 'h1 { color: teal }' >"$site/style.css"
head -c 60000 /dev/zero >"$site/big"
for i in $(seq 12); do echo "product $i" >"$site/products/$i"; head -c $((i * 321)) /dev/zero >"$site/img/logo-$i.png"; done
chmod -R a+rX "$site"; chmod 700 "$site/private"

make_nginx() {
  local port; port=$(free_port)
  cat >"$work/nginx.conf" <<CONF
user www-data; worker_processes 2; pid $work/nginx.pid; error_log $work/nginx-error.log info; daemon off;
events { worker_connections 64; }
http {
  access_log $work/nginx-access.log combined;
  set_real_ip_from 127.0.0.1; real_ip_header X-Forwarded-For;
  server {
    listen 127.0.0.1:$port; server_name shop.example.com; root $site;
    location /search { proxy_pass http://127.0.0.1:9; }
    location /private/ { deny all; }
    location /wp-login.php { return 403; }
  }
}
CONF
  background nginx -c "$work/nginx.conf"
  wait_for "$port"
  python3 "$here/apps/visitors.py" "$port" 190
  keep "$work/nginx-access.log" nginx-access.log
  keep "$work/nginx-error.log" nginx-error.log
}

make_apache() {
  local port modules=/usr/lib/apache2/modules; port=$(free_port)
  cat >"$work/apache.conf" <<CONF
ServerRoot $work
ServerName shop.example.com
Listen 127.0.0.1:$port
PidFile $work/apache.pid
LoadModule mpm_event_module $modules/mod_mpm_event.so
LoadModule authz_core_module $modules/mod_authz_core.so
LoadModule dir_module $modules/mod_dir.so
LoadModule remoteip_module $modules/mod_remoteip.so
RemoteIPHeader X-Forwarded-For
User www-data
DocumentRoot $site
ErrorLog $work/apache-error.log
LogLevel info
LogFormat "%v:%p %a %l %u %t \"%r\" %>s %O \"%{Referer}i\" \"%{User-Agent}i\"" vhost_combined
CustomLog $work/apache-access.log vhost_combined
<Location /private>
Require all denied
</Location>
CONF
  background apache2 -X -f "$work/apache.conf"
  wait_for "$port"
  python3 "$here/apps/visitors.py" "$port" 120
  keep "$work/apache-access.log" apache-access.log
  keep "$work/apache-error.log" apache-error.log
}

# One rsyslog on /dev/log takes what haproxy, sshd, sudo and logger say, in both forms of syslog.
start_syslog() {
  [[ -e /dev/log ]] && { echo "make-logs: /dev/log exists; skipping the syslog samples"; return 1; }
  cat >"$work/rsyslog.conf" <<CONF
global(workDirectory="$work" localHostname="web-1")
module(load="imuxsock" SysSock.Name="/dev/log")
local0.* action(type="omfile" file="$work/haproxy.log" template="RSYSLOG_TraditionalFileFormat")
auth,authpriv.* action(type="omfile" file="$work/auth.log" template="RSYSLOG_TraditionalFileFormat")
*.*;local0.none;auth,authpriv.none action(type="omfile" file="$work/syslog-5424.log" template="RSYSLOG_SyslogProtocol23Format")
CONF
  syslog_socket=1
  background rsyslogd -n -f "$work/rsyslog.conf" -i "$work/rsyslog.pid"
  for _ in $(seq 50); do [[ -S /dev/log ]] && return; sleep 0.1; done
}

make_haproxy() {
  local front site_port; front=$(free_port); site_port=$(free_port)
  (cd "$site" && exec python3 -m http.server "$site_port" --bind 127.0.0.1 >/dev/null 2>&1) & pids+=($!)
  wait_for "$site_port"
  cat >"$work/haproxy.cfg" <<CONF
global
  log /dev/log local0
defaults
  mode http
  log global
  option httplog
  timeout connect 1s
  timeout client 5s
  timeout server 5s
frontend www
  bind 127.0.0.1:$front
  acl search path_beg /search
  http-request deny if { path_beg /wp-login.php }
  use_backend search if search
  default_backend files
backend files
  server files1 127.0.0.1:$site_port check inter 500
backend search
  server search1 127.0.0.1:9 check inter 500
CONF
  background haproxy -db -f "$work/haproxy.cfg"
  wait_for "$front"
  python3 "$here/apps/visitors.py" "$front" 150
  keep "$work/haproxy.log" haproxy.log
}

make_auth() {
  local port; port=$(free_port)
  mkdir -p /run/sshd
  useradd -m -s /bin/sh deploy-demo
  local password; password=$(head -c 12 /dev/urandom | base64)
  echo "deploy-demo:$password" | chpasswd
  ssh-keygen -q -t ed25519 -N '' -f "$work/host_key"
  ssh-keygen -q -t ed25519 -N '' -f "$work/user_key"
  install -d -o deploy-demo -m 700 ~deploy-demo/.ssh
  install -o deploy-demo -m 600 "$work/user_key.pub" ~deploy-demo/.ssh/authorized_keys
  background /usr/sbin/sshd -D -f /dev/null -o "Port=$port" -o ListenAddress=127.0.0.1 -o "HostKey=$work/host_key" \
    -o UsePAM=yes -o LogLevel=VERBOSE -o MaxAuthTries=3 -o "PidFile=$work/sshd.pid"
  wait_for "$port"
  local ssh=(ssh -p "$port" -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=QUIET -o ConnectTimeout=5)
  for i in 1 2 3 4 5 6; do
    "${ssh[@]}" -i "$work/user_key" -o BatchMode=yes deploy-demo@127.0.0.1 "echo deploy $i" >/dev/null || true
  done
  for user in admin oracle test deploy-demo root; do
    sshpass -p wrong "${ssh[@]}" -o PubkeyAuthentication=no -o NumberOfPasswordPrompts=2 "$user@127.0.0.1" true || true
  done
  sshpass -p "$password" "${ssh[@]}" -o PubkeyAuthentication=no deploy-demo@127.0.0.1 true || true
  (exec 3<>"/dev/tcp/127.0.0.1/$port"; echo 'GET / HTTP/1.0' >&3; sleep 0.2) || true
  for target in nobody www-data; do sudo -n -u "$target" /bin/ls /tmp >/dev/null || true; done
  runuser -u deploy-demo -- sudo -n /bin/cat /etc/shadow >/dev/null 2>&1 || true
  sleep 1
  keep "$work/auth.log" auth.log
}

make_logger() {
  local i
  for i in $(seq 40); do
    logger -t backup -i -p daemon.info "snapshot $i of /dev/vg0/home finished, $((i * 137)) MiB in $((i % 7 + 1)).${i} s"
    [[ $((i % 8)) == 0 ]] && logger -t backup -i -p daemon.warning "volume vg0 is $((60 + i))% full"
    [[ $((i % 13)) == 0 ]] && logger -t backup -i -p daemon.err "snapshot $i failed: No space left on device (28)"
  done
  sleep 0.5
  keep "$work/syslog-5424.log" syslog-rfc5424.log
}

make_postgres() {
  local bin=/usr/lib/postgresql/15/bin
  install -d -o postgres "$work/pg" "$work/pgsocket"
  runuser -u postgres -- "$bin/initdb" -D "$work/pg" --auth=trust --encoding=UTF8 --locale=C >/dev/null
  cat >>"$work/pg/postgresql.conf" <<CONF
listen_addresses = ''
unix_socket_directories = '$work/pgsocket'
log_line_prefix = '%m [%p] %q%u@%d '
log_connections = on
log_disconnections = on
log_min_duration_statement = 40
log_checkpoints = on
log_lock_waits = on
deadlock_timeout = 200ms
timezone = 'UTC'
log_timezone = 'UTC'
CONF
  runuser -u postgres -- "$bin/postgres" -D "$work/pg" >"$work/postgresql.log" 2>&1 & pids+=($!)
  local psql=(runuser -u postgres -- psql -q -h "$work/pgsocket" -d shop)
  for _ in $(seq 50); do runuser -u postgres -- createdb -h "$work/pgsocket" shop 2>/dev/null && break; sleep 0.2; done
  "${psql[@]}" -c 'create table orders (id int primary key, item text not null, cents int check (cents > 0))' \
    -c 'create table stock (item text primary key, left_over int)' -c "insert into stock values ('a', 1), ('b', 2)" >/dev/null
  local i
  for i in $(seq 20); do
    "${psql[@]}" >/dev/null 2>&1 <<SQL || true
insert into orders values ($i, 'widget', $((i * 100)));
insert into orders values ($((i / 2)), 'widget', 5);
insert into orders values ($((1000 + i)), null, 5);
insert into orders values ($((2000 + i)), 'gizmo', -$i);
select * from order_$i;
select item,
       sum(cents)
  from orders
 where cents > 'abc'
 group by item;
select pg_sleep(0.0$((i % 9 + 1)));
SQL
  done
  "${psql[@]}" -c 'begin' -c "update stock set left_over = 0 where item = 'a'" -c 'select pg_sleep(0.3)' \
    -c "update stock set left_over = 0 where item = 'b'" -c 'commit' >/dev/null 2>&1 &
  local first=$!
  "${psql[@]}" -c 'begin' -c "update stock set left_over = 0 where item = 'b'" -c 'select pg_sleep(0.3)' \
    -c "update stock set left_over = 0 where item = 'a'" -c 'commit' >/dev/null 2>&1 || true
  wait "$first" || true
  "${psql[@]}" -c 'checkpoint' >/dev/null
  runuser -u postgres -- "$bin/pg_ctl" -D "$work/pg" -m fast stop >/dev/null
  keep "$work/postgresql.log" postgresql.log
}

make_redis() {
  local port; port=$(free_port)
  cat >"$work/redis.conf" <<CONF
bind 127.0.0.1
port $port
dir $work
save 1 20
loglevel verbose
CONF
  redis-server "$work/redis.conf" >"$work/redis.log" 2>&1 & pids+=($!)
  local pid=$!
  wait_for "$port"
  for i in $(seq 120); do redis-cli -p "$port" set "key:$i" "$(head -c 300 /dev/zero | tr '\0' x)" >/dev/null; done
  sleep 7
  redis-cli -p "$port" debug sleep 0.2 >/dev/null || true
  redis-cli -p "$port" bgrewriteaof >/dev/null
  sleep 1
  kill "$pid"; wait "$pid" || true
  keep "$work/redis.log" redis.log
}

make_java() {
  local jars=/usr/share/java/logback-classic.jar:/usr/share/java/logback-core.jar:/usr/share/java/slf4j-api.jar
  cat >"$work/logback.xml" <<'XML'
<configuration><appender name="out" class="ch.qos.logback.core.ConsoleAppender"><encoder>
<pattern>%d{yyyy-MM-dd HH:mm:ss.SSS} [%thread] %-5level %logger{36} - [batch=%X{batch}] %msg%n</pattern>
</encoder></appender><root level="DEBUG"><appender-ref ref="out"/></root></configuration>
XML
  javac -cp "$jars" -d "$work/classes" "$here/apps/Warehouse.java"
  java -Xmx48m -Xlog:gc*:file="$work/jvm-gc.log" -Dlogback.configurationFile="$work/logback.xml" -cp "$work/classes:$jars" \
    Warehouse >"$work/java.log" 2>&1
  keep "$work/java.log" java-logback.log
  keep "$work/jvm-gc.log" jvm-gc.log
}

make_python() {
  mkdir -p "$work/jobs" && cp "$here/apps/nightly.py" "$work/jobs/"
  /usr/bin/python3 "$work/jobs/nightly.py" >"$work/python.log" 2>&1
  keep "$work/python.log" python-logging.log
}

# Three services in three languages, one trace through all of them, each line wrapped as its container runtime does.
make_shop() {
  command -v node >/dev/null && command -v go >/dev/null || { echo "make-logs: no node or go; skipping the shop"; return; }
  local gateway orders payments; gateway=$(free_port); orders=$(free_port); payments=$(free_port)
  mkdir -p "$work/app" && cp "$here"/apps/{gateway.js,payments.py,orders.go} "$work/app/"
  (cd "$work/app" && GOFLAGS=-mod=mod GO111MODULE=off GOCACHE="$work/gocache" go build -o orders orders.go)
  local wrap="/usr/bin/python3 $here/apps/container_log.py"
  background /usr/bin/python3 -u "$work/app/payments.py" "$payments" > >($wrap docker stdout >"$work/payments.log") 2>&1
  background "$work/app/orders" "$orders" "$payments" > >($wrap cri stdout >"$work/orders.log") 2> >($wrap cri stderr >>"$work/orders-err.log")
  wait_for "$payments"; wait_for "$orders"
  background node "$work/app/gateway.js" "$gateway" "$orders" > >($wrap docker stdout >"$work/gateway.log") 2>&1
  wait_for "$gateway"
  python3 "$here/apps/visitors.py" "$gateway" 70 shop
  sleep 0.5
  cat "$work/orders-err.log" >>"$work/orders.log" 2>/dev/null || true
  sort -s -k1,1 -o "$work/orders.log" "$work/orders.log"
  keep "$work/gateway.log" shop-gateway.docker.log
  keep "$work/orders.log" shop-orders.cri.log
  keep "$work/payments.log" shop-payments.docker.log
}

mkdir -p "$out"
cd "$work"  # sudo logs where it was called
make_nginx
make_apache
if start_syslog; then make_haproxy; make_auth; make_logger; fi
make_postgres
make_redis
make_java
make_python
make_shop
[[ -r /var/log/dpkg.log ]] && tail -n 250 /var/log/dpkg.log >"$work/dpkg.log" && keep "$work/dpkg.log" dpkg.log
echo "make-logs: $(cat "$out"/* | wc -c) bytes in $(ls "$out" | wc -l) files"
