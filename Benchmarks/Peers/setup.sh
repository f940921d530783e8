#!/usr/bin/env bash
# Makes a Python environment with the pinned peers in a cache folder and prints the path of its interpreter.
#
#   Benchmarks/Peers/setup.sh CACHE
#
# Nothing is installed outside CACHE, and nothing is done when the environment is complete. Exit codes: 0 ready, 2 wrong usage,
# 3 the environment cannot be made.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

if [[ $# -ne 1 ]]; then
    echo "usage: Benchmarks/Peers/setup.sh CACHE" >&2
    exit 2
fi
environment="$1/venv"
# The list of versions is copied last: an interrupted installation is begun again.
if ! cmp -s "$here/requirements.txt" "$environment/installed.txt"; then
    echo "peers: installing into $environment" >&2
    mkdir -p "$1"
    if ! { python3 -m venv --clear "$environment" && "$environment/bin/pip" install --quiet --disable-pip-version-check \
        --requirement "$here/requirements.txt"; } >&2; then
        echo "peers: the environment cannot be made; it takes python3-venv, g++ (for hnswlib) and a package index" >&2
        exit 3
    fi
    cp "$here/requirements.txt" "$environment/installed.txt"
fi
echo "$environment/bin/python"
