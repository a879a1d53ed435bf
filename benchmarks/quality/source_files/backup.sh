#!/bin/sh
set -eu

SOURCE=${1:?usage: backup.sh SOURCE TARGET}
TARGET=${2:?usage: backup.sh SOURCE TARGET}
KEEP=7
STAMP=$(date +%Y-%m-%d)

if [ ! -d "$TARGET" ]; then
    mkdir -p "$TARGET"
fi

tar --create --gzip --exclude='*.tmp' --file="$TARGET/$STAMP.tar.gz" -C "$SOURCE" .

count=$(ls -1 "$TARGET"/*.tar.gz | wc -l)
while [ "$count" -gt "$KEEP" ]; do
    oldest=$(ls -1 "$TARGET"/*.tar.gz | head -n 1)
    echo "removing $oldest"
    rm -- "$oldest"
    count=$((count - 1))
done

du -sh "$TARGET"
