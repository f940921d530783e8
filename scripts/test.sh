#!/bin/sh
# Builds the tests and runs every room's in a process of its own: side by side their servers and property tests would starve
# each other on two cores. What failed is told again at the end, where the one who reads a long log looks first.
set -eu
cd "$(dirname "$0")/.."

swift build --build-tests
logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

failed=
for folder in Tests/*Tests; do
    room=$(basename "$folder")
    echo "== $room"
    # A pipe would hide the status of the tests; it is written beside the log.
    { swift test --skip-build --disable-xctest --filter "^$room\\." 2>&1 || echo failed >"$logs/$room.failed"; } | tee "$logs/$room.log"
    [ ! -e "$logs/$room.failed" ] || failed="$failed $room"
done

echo
echo '== Summary'
for folder in Tests/*Tests; do
    room=$(basename "$folder")
    printf '%-24s %s\n' "$room" "$(grep -o 'Test run with .*' "$logs/$room.log" || echo 'did not come to its end')"
done
[ -n "$failed" ] || exit 0
for room in $failed; do
    echo
    echo "== What failed in $room"
    # An issue is told where it is recorded, with the values of its expression in the lines that follow it.
    grep -E -A 3 '^✘|recorded an issue|Fatal error|Crash|signal' "$logs/$room.log" | grep -v '^✔' | cut -c 1-400 | head -80
done
echo "make test: failed in$failed" >&2
exit 1
