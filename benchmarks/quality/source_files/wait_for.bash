#!/usr/bin/env bash

usage() {
    echo "usage: $(basename "$0") [-t SECONDS] HOST:PORT [-- COMMAND]" >&2
    exit 2
}

timeout=30
while getopts "t:h" option; do
    case "$option" in
        t) timeout=$OPTARG ;;
        *) usage ;;
    esac
done
shift $((OPTIND - 1))
[[ $# -ge 1 ]] || usage

host=${1%%:*}
port=${1##*:}
shift

for ((i = 0; i < timeout; i++)); do
    if (exec 3<>"/dev/tcp/$host/$port") 2>/dev/null; then
        [[ "${1:-}" == "--" ]] && shift && exec "$@"
        exit 0
    fi
    sleep 1
done
echo "$host:$port did not answer in $timeout seconds" >&2
exit 1
