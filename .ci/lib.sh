# Shared by the scripts in this folder, which source it. Everything that is
# installed goes to one folder outside the checkout, and is installed once.

set -Eeuo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

CACHE=${DDBENC_CI_CACHE:-${TMPDIR:-/tmp}/ddbenc-ci-$(id -u)}
RUN=$CACHE/run-$$ # logs of this run
mkdir -p "$CACHE/stamps"

DYNAMODB_LOCAL=3.3.1
DYNOXIDE=1.2.1
MOTO=5.2.5
STATICCHECK=v0.8.2 # which calls itself 2026.2.2

PIDS=()

# begin NAME: says what comes next, and what failed if the script ends there.
begin() {
	STEP=$1
	printf '\n== %s  [%s]\n' "$STEP" "$(date +%T)"
}

# start LOG COMMAND...: runs a server until the script ends. Its process id is in $!.
start() {
	local log=$1
	shift
	"$@" >"$log" 2>&1 &
	PIDS+=($!)
}

# stop_all ends what start has started, and nothing else.
stop_all() {
	local pid
	for pid in "${PIDS[@]}"; do
		kill "$pid" 2>/dev/null || true
	done
	for pid in "${PIDS[@]}"; do
		wait "$pid" 2>/dev/null || true
	done
	PIDS=()
}

# free_port prints a port of the loopback interface that nobody listens on.
free_port() {
	python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# await_port PORT LOG: waits until the server just started listens, or shows why not.
await_port() {
	local tries=0
	until python3 -c 'import socket, sys; socket.create_connection(("127.0.0.1", int(sys.argv[1])), 1).close()' "$1" 2>/dev/null; do
		tries=$((tries + 1))
		if [ $tries -gt 300 ]; then
			echo "nothing listens on port $1 after 60 seconds:"
			cat "$2"
			return 1
		fi
		sleep 0.2
	done
}

# once STAMP COMMAND...: runs the command unless it has succeeded before under this
# name. Of several runs at a time one installs and the others wait.
once() (
	stamp=$CACHE/stamps/$1
	shift
	exec 9>"$stamp.lock"
	flock 9
	[ -e "$stamp" ] && exit
	"$@"
	touch "$stamp"
)

# sum FILE...: a name for the content of files.
sum() {
	cat "$@" | sha256sum | cut -c 1-16
}
