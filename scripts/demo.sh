#!/usr/bin/env bash
# Shows Bunko at work: starts a server, imports the sample handbook (English, Korean, Japanese) and asks one question in each.
#
#   make demo                        builds first
#   DEMO_DATA=DIR scripts/demo.sh    another folder for the demo's data than <data folder>/demo
#
# A server already running on that folder is used and left running; one started here is stopped at the end. What was
# imported stays in the folder, so that a second run only asks.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
bunko=${BUNKO:-$repository/.build/release/bunko}

# Root's home is closed to the unprivileged user that PostgreSQL runs as.
if [[ $(id -u) -eq 0 ]]; then product_data=/var/lib/bunko; else product_data=${XDG_DATA_HOME:-$HOME/.local/share}/bunko; fi
data=${DEMO_DATA:-${BUNKO_DATA:-$product_data}/demo}
key_file=$data/demo-key.json
server_output=$data/demo-server.json
server_log=$data/demo-server.log
readonly start_seconds=90
server=

say() { printf '\n== %s\n' "$*"; }
fail() {
    printf 'demo: %s\n' "$*" >&2
    if [[ -n $server && -s $server_log ]]; then tail -n 20 "$server_log" >&2; fi
    exit 3
}

# The value of one string member in JSON on standard input; a slash may stand there as "\/".
json_string() { sed -nE "s/.*\"$1\"[[:space:]]*:[[:space:]]*\"([^\"]*)\".*/\1/p" | sed 's,\\/,/,g' | head -n 1; }

is_ready() { [[ -n $1 ]] && curl -fsS -o /dev/null --max-time 5 "$1/readyz" 2>/dev/null; }

running_address() { json_string address 2>/dev/null <"$data/server.json" || true; }

stop_server() {
    [[ -n $server ]] || return 0
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" || true
    server=
}

start_server() {
    say "Starting the server (data: $data)"
    : >"$server_output"
    "$bunko" serve --data "$data" --port 0 --json >"$server_output" 2>"$server_log" &
    server=$!
    local deadline=$((SECONDS + start_seconds))
    until address=$(json_string listening <"$server_output") && is_ready "$address"; do
        kill -0 "$server" 2>/dev/null || fail "the server stopped by itself; the end of $server_log:"
        ((SECONDS < deadline)) || fail "the server was not ready after $start_seconds seconds; the end of $server_log:"
        sleep 0.1
    done
    echo "listening on $address"
}

key_is_accepted() {
    [[ -s $key_file ]] || return 1
    key=$(json_string key <"$key_file")
    [[ $(curl -sS -o /dev/null -w '%{http_code}' --max-time 10 -H "Authorization: Bearer $key" "$address/v1/assistants?limit=1") == 200 ]]
}

make_key() {
    say "Making a key (kept in $key_file)"
    (umask 077 && "$bunko" key create --data "$data" --json >"$key_file")
    key_is_accepted || fail "the new key is not accepted by $address."
}

ask() {
    say "$1"
    "$bunko" context "$1" --assistant handbook --data "$data" --max-tokens 1200
}

how_to_go_on() {
    local place=$1
    cat <<END

== How to go on
Keep a server on this data:     $bunko serve --data $data
Import a folder of your own:    $bunko import FOLDER --assistant NAME --data $data
Ask from a program:             curl -s $place/v1/context -H 'Authorization: Bearer $key' \\
                                  -H 'Content-Type: application/json' \\
                                  -d '{"assistant": "handbook", "query": "How long do I have to hand in expenses?", "max_tokens": 1200}'
Start again from nothing:       rm -r $data
END
}

[[ -x $bunko ]] || fail "$bunko is not built yet: run 'make demo', or 'make build' first."
mkdir -p "$data"
trap stop_server EXIT
trap 'exit 130' INT TERM

address=$(running_address)
if is_ready "$address"; then say "Using the server that runs on $data ($address)"; else start_server; fi
key_is_accepted || make_key

say "Importing the sample handbook into the assistant 'handbook'"
"$bunko" import "$repository"/datasets/handbook/{en,ko,ja} --assistant handbook --data "$data"

ask "How long do I have to hand in an expense claim, and who approves a late one?"
ask "쓰지 못한 연차는 다음 해로 며칠까지 이월할 수 있나요?"
ask "フレックスタイムのコアタイムは何時から何時までですか?"

if [[ -n $server ]]; then
    stop_server
    say "The server was stopped; everything is kept in $data"
    how_to_go_on http://127.0.0.1:8787
else
    how_to_go_on "$address"
fi
