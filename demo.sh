#!/bin/bash
# Shows the whole story on this machine: a computation is checkpointed while it runs, killed with SIGKILL, recovered from
# its newest generation, and ends with the same result and the same log as one that was left alone.
#
#   ./demo.sh          needs root and the .NET 10 SDK; installs a C compiler and liblz4 on Debian and Ubuntu if missing
#
# Exit code 0 only if nothing differs. Everything it makes is in a temporary directory, removed at the end.
set -euo pipefail
cd "$(dirname "$0")"

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
directory=
store=
job_pid=
job_start=
reference_pid=
rows=()
begun=

die() {
    echo "demo: $*" >&2
    exit 1
}

# --- What must be there --------------------------------------------------------------------------------------------

install_package() {
    command -v apt-get >/dev/null || die "$1 is missing; install it"
    echo "Installing $1 ..."
    { apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y "$@"; } </dev/null >/dev/null ||
        die "apt-get install $* failed"
}

set_up() {
    [ "$(id -u)" = 0 ] || die "restoring a job with its PIDs needs root: sudo ./demo.sh"
    command -v dotnet >/dev/null || die "the .NET 10 SDK is missing: see https://dotnet.microsoft.com/download"
    dotnet --list-sdks | grep -q '^10\.' || die "the .NET SDK 10 is needed; there is: $(dotnet --list-sdks | tr '\n' ' ')"
    command -v cc >/dev/null || install_package gcc libc6-dev
    ldconfig -p | grep -q 'liblz4\.so\.1' || install_package liblz4-1
}

build() {
    echo "Building ..."
    dotnet build src/Scheduler -c Release --nologo -v q -p:UseSharedCompilation=false >"$directory/build.log" 2>&1 ||
        { cat "$directory/build.log" >&2; die "the build failed"; }
    cc -std=gnu11 -O2 -pthread demo/heat.c -o "$directory/heat" -lm
}

# --- Processes -----------------------------------------------------------------------------------------------------

# Start time of a process, which tells it from a later one of the same PID; empty if it is gone or a zombie.
start_of() {
    sed -n 's/^.*) \([^ZX]\) /\1 /p' "/proc/$1/stat" 2>/dev/null | cut -d ' ' -f 20
}

kill_if_same() {
    if [ -n "$1" ] && [ "$1" -gt 1 ] && [ "$(start_of "$1")" = "$2" ]; then
        kill -9 "$1" 2>/dev/null || true
    fi
}

clean_up() {
    local status=$?
    trap - EXIT
    [ -z "$job_pid" ] || kill_if_same "$job_pid" "$job_start"
    [ -z "$reference_pid" ] || kill -9 "$reference_pid" 2>/dev/null || true
    wait 2>/dev/null || true
    [ -z "$directory" ] || rm -rf "$directory"
    exit $status
}

# --- The story -----------------------------------------------------------------------------------------------------

milliseconds() { echo $(($(date +%s%N) / 1000000)); }

bytes() { numfmt --to=iec-i --suffix=B --format=%.1f "$1"; }

row() {
    local at=$(($(milliseconds) - begun))
    rows+=("$(printf '%5d.%d s  %-46s  %-11s %10s %11s %11s' $((at / 1000)) $((at % 1000 / 100)) "$@")")
    echo "${rows[-1]}"
}

checkpointer() { dotnet exec src/Scheduler/bin/Release/net10.0/checkpointer.dll "$@" --json --store "$store"; }

# field NAME OBJECT: the value of a field of a one-line JSON object, without quotes.
field() {
    local value
    value=$(sed -n "s/^.*\"$1\": *\"\{0,1\}\([^\",}]*\).*$/\1/p" <<<"$2")
    [ -n "$value" ] || die "no field $1 in: $2"
    echo "$value"
}

step_of() { sed -n 's/^step \([0-9]*\) of.*/\1/p' "$1" | tail -n 1; }

# wait_for_step STEP: until the log of the job is there; fails if the job ends before.
wait_for_step() {
    until [ "$(step_of "$directory/job.log")" -ge "$1" ] 2>/dev/null; do
        [ -n "$(start_of "$job_pid")" ] || die "the job ended before step $1: $(tail -n 1 "$directory/job.log")"
        sleep 0.05
    done
}

# run_heat NAME: becomes the computation, in a session of its own. Descriptors that whoever started the demonstration left
# open are closed: a pipe to somebody outside the job cannot be dumped.
run_heat() {
    local fd
    for fd in /proc/$BASHPID/fd/*; do
        fd=${fd##*/}
        [ "$fd" -le 2 ] || eval "exec $fd>&-"
    done
    exec setsid "$directory/heat" "$directory/$1.result" </dev/null >"$directory/$1.log" 2>&1
}

start_job() {
    run_heat reference &
    reference_pid=$!
    run_heat job &
    job_pid=$!
    wait_for_step 10
    job_start=$(start_of "$job_pid")
    row "started, PID $job_pid, 3 threads" "" "" "" ""
    checkpointer register demo --pid "$job_pid" >"$directory/out" || die "register: $(cat "$directory/out")"
    row "registered as job \"demo\"" "" "" "" ""
}

take_generation() {
    local answer freeze
    wait_for_step "$1"
    answer=$(checkpointer dump demo) || die "dump: $answer"
    freeze=$(field freeze_us "$answer")
    row "dumped at step $(step_of "$directory/job.log") while it runs" "$(field generation "$answer")" \
        "$((freeze / 1000)).$((freeze % 1000 / 100)) ms" \
        "$(bytes "$(field dirty_bytes "$answer")")" "$(bytes "$(field new_bytes "$answer")")"
}

crash() {
    wait_for_step "$1"
    kill -9 "$job_pid"
    wait "$job_pid" 2>/dev/null || true
    [ ! -e "$directory/job.result" ] || die "the job ended before it was killed"
    row "killed with SIGKILL at step $(step_of "$directory/job.log")" "" "" "" ""
}

recover() {
    local answer
    answer=$(checkpointer recover --latest demo) || die "recover: $answer"
    [ "$(field pid "$answer")" = "$job_pid" ] || die "the job has another PID now: $answer"
    job_start=$(start_of "$job_pid")
    row "recovered in $(field duration_ms "$answer") ms, PID $job_pid again" "$(field generation "$answer")" "" "" ""
    row "log rolled back, goes on at step $(step_of "$directory/job.log")" "" "" "" ""
}

wait_for_end() {
    while [ -n "$(start_of "$job_pid")" ]; do sleep 0.05; done
    job_pid=
    row "finished: $(cat "$directory/job.result" 2>/dev/null || echo 'NO RESULT')" "" "" "" ""
    wait "$reference_pid" || die "the uninterrupted run failed"
    reference_pid=
    row "left alone: $(cat "$directory/reference.result")" "" "" "" ""
}

compare() {
    local differs=0
    cmp "$directory/job.result" "$directory/reference.result" || differs=1
    cmp "$directory/job.log" "$directory/reference.log" || differs=1
    [ $differs = 0 ] || die "the recovered job and the one left alone differ"
    row "same result, same log of $(wc -l <"$directory/job.log") lines" "" "" "" ""
}

trap clean_up EXIT
trap 'exit 130' INT TERM
directory=$(mktemp -d /tmp/checkpointer-demo.XXXXXX)
store=$directory/store
set_up
build
begun=$(milliseconds)
echo
printf '%9s  %-46s  %-11s %10s %11s %11s\n' time step generation freeze changed "new bytes"
start_job
take_generation 90
take_generation 210
take_generation 330
crash 390
recover
wait_for_end
compare
echo
echo "The job was killed and recovered, and nothing differs from an uninterrupted run."
