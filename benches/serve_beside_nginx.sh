#!/usr/bin/env bash
# Serves one folder of tiles with treering and with nginx, in turns under wrk, and prints both rates.
#
#   benches/serve_beside_nginx.sh [SECONDS]
#
# Skipped, with a word, where nginx or wrk is not installed.
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-10}
for tool in nginx wrk; do
    if ! command -v "$tool" >/dev/null; then
        echo "serve_beside_nginx: skipped: $tool is not installed"
        exit 0
    fi
done

cargo build --release --quiet
program=$(cargo metadata --format-version 1 --no-deps | sed 's/.*"target_directory":"\([^"]*\)".*/\1/')/release/treering
scratch=$(mktemp -d)
export TREERING_STATE_DIR=$scratch/state TREERING_NO_INPUT=true
servers=()
finish() {
    for server in "${servers[@]}"; do kill "$server" 2>/dev/null || true; done
    rm -rf "$scratch"
}
trap finish EXIT

mkdir "$scratch/park"
"$program" init "$scratch/park" --name Park --no-passphrase --quiet >/dev/null
public=$scratch/park/.treering/ledgers/park
# Full tiles of random hashes: nobody checks them here, and every server sends the same bytes.
for number in $(seq 0 99); do
    head -c 8192 /dev/urandom >"$public/tile/0/$(printf '%03d' "$number")"
done

"$program" serve --store "$scratch/park" --bind 127.0.0.1:7741 --for 600 --quiet &
servers+=($!)
cat >"$scratch/nginx.conf" <<CONF
worker_processes auto;
pid $scratch/nginx.pid;
error_log $scratch/error.log;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=1000;
    keepalive_requests 1000000;
    server { listen 127.0.0.1:7742; location / { root $public; } }
}
CONF
nginx -c "$scratch/nginx.conf" -p "$scratch" -g 'daemon off;' &
servers+=($!)
sleep 1

id=$(curl -s http://127.0.0.1:7741/ledgers.json | sed 's/.*"id":"\([0-9a-f]*\)".*/\1/')
cat >"$scratch/tiles.lua" <<LUA
local prefix = os.getenv("TILES")
request = function()
    return wrk.format("GET", string.format("%s/tile/0/%03d", prefix, math.random(0, 99)))
end
LUA
rate() {
    TILES=$2 wrk -t2 -c64 -d"${seconds}s" -s "$scratch/tiles.lua" "$1" | awk '/^Requests\/sec/ { print $2 }'
}
for round in 1 2 3; do
    ours=$(rate http://127.0.0.1:7741 "/$id")
    theirs=$(rate http://127.0.0.1:7742 "")
    awk -v round="$round" -v ours="$ours" -v theirs="$theirs" 'BEGIN {
        printf "  round %d   treering %9.0f /s   nginx %9.0f /s   ratio %.2f   (goal 0.5)\n", round, ours, theirs, ours / theirs
    }'
done
