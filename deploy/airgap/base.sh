#!/usr/bin/env bash
# Makes the image's base from Debian packages alone, where no registry answers: Debian 12 with Python 3.11.
#
#   deploy/airgap/base.sh [NAME]     NAME: ward-base:bookworm; MIRROR: a Debian mirror, file:///media/cdrom too
#
# Needs root, debootstrap and a Docker Engine. What is there already is not made again.
set -euo pipefail
name=${1:-ward-base:bookworm}
mirror=${MIRROR:-http://deb.debian.org/debian}

if docker image inspect "$name" >/dev/null 2>&1; then
  echo "$name đã có / is there already"
  exit 0
fi
command -v debootstrap >/dev/null || {
  echo "Thiếu debootstrap / debootstrap is missing: apt-get install debootstrap" >&2
  exit 1
}
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT

debootstrap --variant=minbase --include=python3,ca-certificates bookworm "$root" "$mirror"
rm -rf "$root"/var/cache/apt/* "$root"/var/lib/apt/lists/* "$root"/var/log/*.log "$root"/usr/share/doc "$root"/usr/share/man
tar --directory "$root" --create . | docker import --change 'CMD ["python3"]' - "$name"
