#!/usr/bin/env bash
# Go's own reader of signed notes opens a checkpoint and a cosigned note that treering wrote.
#
#   tests/interop/run.sh PROGRAM
#
# Skipped, with a word, where there is no Go, or where golang.org/x/mod cannot be fetched.
set -euo pipefail

program=$(realpath "${1:?the treering program}")
here=$(cd "$(dirname "$0")" && pwd)
if ! command -v go >/dev/null; then
    echo "interop: skipped: there is no Go (Debian: golang-go)"
    exit 0
fi
scratch=$(mktemp -d)
trap 'chmod -R u+w "$scratch"; rm -rf "$scratch"' EXIT
cp "$here/go.mod" "$here/main.go" "$scratch"
cd "$scratch"
export GOPATH=$scratch/go GOFLAGS=-mod=mod
if ! go build -o interop . 2>build.log; then
    if grep -qE 'dial tcp|lookup|connection refused|403|404|410|timeout' build.log; then
        echo "interop: skipped: golang.org/x/mod cannot be fetched"
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
