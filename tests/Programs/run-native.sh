#!/bin/bash
# Compiles the programs and runs each natively, without any checkpoint, to prove that they are not flaky by themselves.
#   run-native.sh [ROUNDS [PROGRAM...]]     ends with exit code 1 if any run failed
set -u
cd "$(dirname "$0")"
rounds=${1:-1}; shift || true
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT
names=("$@")
[ ${#names[@]} -gt 0 ] || for file in *.c; do names+=("${file%.c}"); done
failed=0

compile() {
    local flags
    flags=$(sed -n 's/^.*@cflags \([^*]*\).*/\1/p' "$1.c")
    # shellcheck disable=SC2086
    ${CC:-cc} -std=gnu11 -O2 -Wall -Werror -pthread $flags "$1.c" -o "$directory/$1" -lm -lrt
}

# One run: start, wait for "ready", tell it to go on, wait for its end.
run() {
    local output="$directory/$1.$2.stdout" status=0 tries=0
    : >"$output"
    "$directory/$1" "$directory/$1.$2" >"$output" 2>&1 </dev/null &
    local pid=$!
    until grep -q '^ready$' "$output"; do
        tries=$((tries + 1))
        [ $tries -lt 2000 ] && kill -0 $pid 2>/dev/null || break
        sleep 0.01
    done
    touch "$directory/$1.$2.go"
    grep -q '@go file' "$1.c" || kill -USR1 $pid 2>/dev/null
    for ((tries = 0; tries < 3000; tries++)); do
        kill -0 $pid 2>/dev/null || break
        sleep 0.01
    done
    [ $tries -lt 3000 ] || { echo "$1, round $2: does not end"; kill -9 $pid; }
    wait $pid || status=$?
    if [ $status -ne 0 ] || [ "$(tail -n 1 "$output")" != PASS ]; then
        echo "$1, round $2: exit code $status: $(tail -n 1 "$output")"
        return 1
    fi
}

for name in "${names[@]}"; do
    compile "$name" || failed=$((failed + 1))
done
for ((round = 1; round <= rounds; round++)); do
    for name in "${names[@]}"; do
        run "$name" $round || failed=$((failed + 1))
    done
done
echo "${#names[@]} programs, $rounds rounds, $failed failed"
[ $failed -eq 0 ]
