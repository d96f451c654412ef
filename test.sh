#!/bin/bash
# Builds everything with warnings as errors, checks the formatting, runs all tests, and ends with one line that counts them.
#
#   ./test.sh [FILTER]                 FILTER is what `dotnet test --filter` takes, such as kind=unit or FullyQualifiedName~PackTests
#   ./test.sh crashlab [--rounds N]    the long form of the tests in a virtual machine alone, with N power cuts
#
# CHECKPOINTER_ROUNDS=20 repeats the tests of thread states more often. Exit code 0 only if all tests passed and none was
# skipped but those listed below. As root on Debian or Ubuntu it installs what the tests need.
set -euo pipefail
cd "$(dirname "$0")"
exec </dev/null

# Tests that may be skipped, by a part of their name, and where.
expected_skips=(
    Verb_OnKernelThread_Refuses # in a container, which sees no kernel thread
    CgroupJobTests # where no cgroup can be made
    Recover_WhereHugePagesAreMissing # where the kernel has no huge pages of 2 MiB
    StatusPage_InABrowser # where there is no chromium: nothing else needs its 400 MB
    Checkpointer.CrashLab # where QEMU and two kernels cannot be had from a mirror of Debian 12, or we are not root
    Dump_OnAFileSystemWithClones # where file systems in files cannot be mounted, or the kernel has neither XFS nor Btrfs
)

export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 MSBUILDDISABLENODEREUSE=1
# Marks all that the tests start, jobs that they restore too, so that nothing outlives this run.
E2E_RUN=$(cat /proc/sys/kernel/random/uuid)
export E2E_RUN
results=$(mktemp -d)
chmod 711 "$results" # tests run the program in it as other users
filter=${1:-}
limit=2400 # seconds for one test project
if [ "$filter" = crashlab ]; then
    filter=''
    limit=14400
    export CRASHLAB_ROUNDS=100
    if [ "${2:-}" = --rounds ]; then
        CRASHLAB_ROUNDS=${3:?--rounds needs a number}
    fi
fi
pid_max_file=/proc/sys/kernel/pid_max pid_max=''
declare -A running
passed=0 failed=0 skipped=0 unexpected=0

clean_up() {
    local status=$?
    trap - EXIT
    local file pid
    for file in $(env -u E2E_RUN grep -lszx "E2E_RUN=$E2E_RUN" /proc/[0-9]*/environ || true); do
        pid=${file#/proc/}
        pid=${pid%/environ}
        if [ "$pid" -gt 1 ] && [ "$pid" != $$ ]; then
            echo "test: killing a process left over by the tests: $pid $(tr '\0' ' ' <"/proc/$pid/cmdline" 2>/dev/null)" >&2
            kill -9 "$pid" 2>/dev/null || true
        fi
    done
    rm -rf "$results"
    [ -z "$pid_max" ] || echo "$pid_max" >$pid_max_file
    exit $status
}

# A test that forks all the time takes all of 32768 numbers within seconds, and what the other half restores at that moment finds its own taken. systemd sets it so, too.
widen_pids() {
    local most=4194304 now
    now=$(cat $pid_max_file)
    if [ "$now" -lt $most ] && { echo $most >$pid_max_file; } 2>/dev/null; then
        pid_max=$now
    fi
}

install_missing() {
    local packages=()
    command -v cc >/dev/null || packages+=(gcc libc6-dev)
    /usr/bin/python3 -c 'import numpy' 2>/dev/null || packages+=(python3-numpy)
    command -v javac >/dev/null || packages+=(default-jdk-headless)
    command -v perl >/dev/null || packages+=(perl)
    command -v Rscript >/dev/null || packages+=(r-base-core)
    command -v musl-gcc >/dev/null || packages+=(musl-tools)
    command -v tmux >/dev/null || packages+=(tmux)
    command -v mpicc.mpich >/dev/null || packages+=(mpich libmpich-dev)
    command -v mpicc.openmpi >/dev/null || packages+=(openmpi-bin libopenmpi-dev)
    command -v mkfs.xfs >/dev/null || packages+=(xfsprogs)
    command -v systemd-analyze >/dev/null || packages+=(systemd)
    command -v mkfs.btrfs >/dev/null || packages+=(btrfs-progs)
    command -v mkfs.ext4 >/dev/null || packages+=(e2fsprogs)
    command -v lz4 >/dev/null || packages+=(lz4)
    command -v xz >/dev/null || packages+=(xz-utils)
    command -v zstd >/dev/null || packages+=(zstd)
    ldconfig -p | grep -q 'liblz4\.so\.1' || packages+=(liblz4-1)
    [ ${#packages[@]} -gt 0 ] || return 0
    if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
        echo "test: missing: ${packages[*]}" >&2
        exit 1
    fi
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends "${packages[@]}"
}

# Runs one test project, or a part of it, in the background. Usage: start NAME PROJECT FILTER
start() {
    local selection=${filter:+($filter)}
    [ -z "$3" ] || selection=${selection:+$selection&}$3
    timeout -k 30 $limit dotnet test "$2" -c Release --no-build --nologo -v q \
        --results-directory "$results" --logger "trx;LogFileName=$1.trx" --logger "console;verbosity=minimal" \
        ${selection:+--filter "$selection"} >"$results/$1.log" 2>&1 &
    running[$1]=$!
}

# Waits for what was started, shows what it printed, and adds its counts. A run that ends without counting (a crash of the host) is a failure.
finish() {
    local name=$1 status=0 trx=$results/$1.trx counters
    wait "${running[$name]}" || status=$?
    echo "== $name"
    cat "$results/$name.log"
    counters=$(grep -o '<Counters [^>]*>' "$trx" 2>/dev/null || true)
    if [ -n "$counters" ]; then
        count "$trx" "$counters"
    fi
    # Exit code 1 says that tests failed, which are counted; a project without a test for the filter is no failure.
    if [ $status -ne 0 ] && { [ -z "$counters" ] || ! grep -q '<UnitTestResult [^>]*outcome="Failed"' "$trx"; }; then
        echo "test: $name ended with exit code $status" >&2
        failed=$((failed + 1))
    fi
}

count() {
    local total executed succeeded
    total=$(attribute total "$2")
    executed=$(attribute executed "$2")
    succeeded=$(attribute passed "$2")
    passed=$((passed + succeeded))
    failed=$((failed + executed - succeeded))
    skipped=$((skipped + total - executed))
    judge_skips "$1"
}

attribute() { sed -n "s/^.* $1=\"\([0-9]*\)\".*$/\1/p" <<<"$2"; }

judge_skips() {
    local line name expected
    while read -r line; do
        name=$(sed -n 's/^.*testName="\([^"]*\)".*$/\1/p' <<<"$line")
        for expected in "${expected_skips[@]}"; do
            [[ $name != *"$expected"* ]] || continue 2
        done
        echo "test: skipped without leave: $name" >&2
        unexpected=$((unexpected + 1))
    done < <(grep -o '<UnitTestResult [^>]*outcome="NotExecuted"[^>]*>' "$1" || true)
}

trap clean_up EXIT
trap 'exit 130' INT TERM
install_missing
widen_pids
dotnet build Checkpointer.sln -c Release --nologo -v q -p:UseSharedCompilation=false
dotnet format whitespace Checkpointer.sln --verify-no-changes --no-restore
# The end-to-end tests run the program as it is installed, which also starts twice as fast.
dotnet publish src/Scheduler -c Release -r linux-x64 --self-contained false -o "$results/program" --nologo -v q
export E2E_PROGRAM=$results/program/checkpointer
if [ -z "${CRASHLAB_ROUNDS:-}" ]; then
    for project in tests/*.Tests; do
        [ "$project" != tests/EndToEnd.Tests ] || continue
        start "${project#tests/}" "$project" ""
        finish "${project#tests/}"
    done

    # The end-to-end tests mostly wait, so two halves of them run at once. What the kernel numbers for the whole host stays in one half: a restore needs the
    # number of its System V objects free, and a test takes the pool of huge pages away from all.
    start EndToEnd.Tests.1 tests/EndToEnd.Tests '((FullyQualifiedName~ProgramTests|FullyQualifiedName~TreeTests|FullyQualifiedName~RunTests)&DisplayName!~sysv&DisplayName!~huge)'
    start EndToEnd.Tests.2 tests/EndToEnd.Tests '((FullyQualifiedName!~ProgramTests&FullyQualifiedName!~TreeTests&FullyQualifiedName!~RunTests)|DisplayName~sysv|DisplayName~huge)'
    finish EndToEnd.Tests.1
    finish EndToEnd.Tests.2
fi

# The virtual machine, last and alone: it takes all processors. Power cuts, reboots, crash points and soft-dirty bits are in the long form only.
lab_filter='FullyQualifiedName~.BootTests|FullyQualifiedName~PowerDiskTests'
[ -z "${CRASHLAB_ROUNDS:-}" ] || lab_filter=''
start CrashLab tests/CrashLab "${lab_filter:+($lab_filter)}"
finish CrashLab

if [ $((passed + failed)) -eq 0 ]; then
    echo "test: no test was run" >&2
    failed=1
fi
if [ $skipped -gt 0 ]; then
    echo "$passed passed, $failed failed, $skipped skipped"
else
    echo "$passed passed, $failed failed"
fi
[ $failed -eq 0 ] && [ $unexpected -eq 0 ]
