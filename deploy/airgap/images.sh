#!/usr/bin/env bash
# Builds every image that docker-compose.yml needs without a registry: the base from Debian packages, ours from wheels,
# and stand-ins for PostgreSQL, NATS and Prometheus. `make images` calls it; wheels are in build/ by then.
set -euo pipefail
cd "$(dirname "$0")/../.."
export DOCKER_BUILDKIT=1
base=ward-base:bookworm

deploy/airgap/base.sh "$base"
docker build --quiet --network=none --build-arg "BASE=$base" --tag "${WARD_IMAGE:-safe-digital-ward:latest}" .
for name in postgres nats; do
  docker build --quiet --network=none --build-arg "BASE=$base" --file "deploy/images/$name.Dockerfile" --tag "ward-$name:local" .
done
# Debian's package: the one that needs a mirror.
docker build --quiet --build-arg "BASE=$base" --file deploy/images/prometheus.Dockerfile --tag ward-prometheus:local .
