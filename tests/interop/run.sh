#!/usr/bin/env bash
# Go's own reader of signed notes opens a checkpoint and a cosigned note that treering wrote.
#
#   tests/interop/run.sh PROGRAM
#
# Needs Go and golang.org/x/mod, both from Debian (golang-go, golang-golang-x-mod-dev) or the second from
# Go's own proxy. Skipped, with a word, where they are not at hand. GOCODE names another place for Debian's.
set -euo pipefail

program=$(realpath "${1:?the treering program}")
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v go >/dev/null; then
    echo "interop: skipped: there is no Go (Debian: golang-go golang-golang-x-mod-dev)"
    exit 0
fi
gocode=${GOCODE:-/usr/share/gocode}
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
cp "$here/go.mod" "$here/main.go" "$scratch"
cd "$scratch"
if [[ -d $gocode/src/golang.org/x/mod ]]; then
    export GO111MODULE=off GOPATH=$gocode GOFLAGS=
else
    export GOPATH=$scratch/go GOFLAGS=-mod=mod
fi
export GOCACHE=$scratch/cache
if ! go build -o interop main.go 2>build.log; then
    if grep -qE 'dial tcp|lookup|connection refused|timeout' build.log; then
        echo "interop: skipped: golang.org/x/mod cannot be fetched (Debian: golang-golang-x-mod-dev)"
        exit 0
    fi
    cat build.log
    exit 1
fi

export TREERING_STATE_DIR=$scratch/state TREERING_NO_INPUT=true
field() { sed "s/.*\"$1\":\"\([^\"]*\)\".*/\1/"; }
mkdir park partner
(cd park && "$program" init --name Park --no-passphrase --quiet >/dev/null)
(cd partner && "$program" init --name Partner --no-passphrase --quiet >/dev/null)
log=$(cd park && "$program" card -o card.json --json | field log_vkey)
./interop park/.treering/ledgers/park/checkpoint "$log"
witness=$(cd partner && "$program" witness init --no-passphrase --json | field vkey)
(cd partner && "$program" witness log add ../park/card.json --quiet >/dev/null)
(cd park && "$program" trust policy --witness "$witness" --quiet >/dev/null)
(cd park && "$program" cosign-request -o ../request.txt --quiet >/dev/null)
(cd partner && "$program" witness cosign ../request.txt -o ../cosigned.txt --quiet >/dev/null)
(cd park && "$program" cosign-accept ../cosigned.txt --quiet >/dev/null)
./interop park/.treering/ledgers/park/checkpoint "$log" "$witness"
