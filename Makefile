# Phường số an toàn. `make help` lists what there is.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
export UV_PYTHON_DOWNLOADS := never
# Sorted, so that the generated files are the same on every file system.
PROTOS := $(sort $(shell find proto -name '*.proto'))

.PHONY: help
help: ## List the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# ---------------------------------------------------------------- environment

$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "Cần Python 3.11 trở lên / Python 3.11 or newer is needed (PYTHON=/path/to/python3.11 make ...)." >&2; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
	  echo "Thiếu mô-đun venv / the venv module is missing: apt-get install python3-venv" >&2; exit 1; }
	@echo "→ cài đặt thư viện đã khóa phiên bản / installing the locked dependencies"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r tools/bootstrap.txt
	@$(BIN)/uv pip sync --quiet --python $(VENV) --require-hashes requirements.lock
	@$(BIN)/uv pip install --quiet --python $(VENV) --no-deps --no-build-isolation --editable .
	@touch $@

.PHONY: install
install: $(VENV)/.installed ## Install the locked dependencies into .venv

.PHONY: lock
lock: install ## Resolve the dependencies anew into requirements.lock
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --all-extras --no-annotate \
	  --custom-compile-command 'make lock' --upgrade pyproject.toml -o requirements.lock

# ---------------------------------------------------------------- run

.PHONY: up
up: install ## Start the whole platform on this machine; Ctrl-C stops it, data stays
	@$(BIN)/python -m stack up

.PHONY: demo
demo: install ## Replay a real fire (FIRE=SDC05|SDC07|SDC38|SDC39|all, SPEED=10) while `make up` runs
	@$(BIN)/python -m simulator demo

.PHONY: story
story: install ## Live through a fire from sensor to after-action review, and write docs/fire-story.md
	@$(BIN)/python -m simulator story docs/fire-story.md

.PHONY: population
population: install ## Make the simulated population database of `make up` fail (FAULT=none|down|slow|lying|straying|shapeless|half)
	@$(BIN)/python -m simulator fault $(or $(FAULT),none)

.PHONY: reset
reset: install ## Delete the data of `make up` and start over next time
	@$(BIN)/python -m stack reset

.PHONY: backup
backup: install ## Back up what `make up` runs into a new folder (DIR=…)
	@$(BIN)/python -m stack backup $(DIR)

.PHONY: restore
restore: install ## Make the data anew from a backup (DIR=…), after `make reset` or on another machine
	@$(BIN)/python -m stack restore $(DIR)

# ---------------------------------------------------------------- contracts

.PHONY: generate
generate: install ## Generate libs/ward from proto/
	@find libs/ward -name '*_pb2*' -delete 2>/dev/null || true
	@mkdir -p libs/ward
	@PATH="$(BIN):$$PATH" $(BIN)/python -m grpc_tools.protoc -I proto -I third_party/googleapis \
	  --python_out=libs --grpc_python_out=libs --mypy_out=quiet:libs --mypy_grpc_out=quiet:libs \
	  --descriptor_set_out=libs/ward/descriptors.binpb --include_imports --include_source_info $(PROTOS)
	@find libs/ward -type d -not -name __pycache__ -exec touch {}/__init__.py \;

# ---------------------------------------------------------------- checks

.PHONY: format
format: install ## Format code and protos
	@$(BIN)/ruff check --fix --quiet || true
	@$(BIN)/ruff format
	@$(BIN)/buf format -w proto

.PHONY: lint
lint: install ## Check style, types, import rules and contracts
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code proto
	$(BIN)/python -m manifests check
	$(BIN)/python -m monitoring check

.PHONY: dashboards
dashboards: install ## Generate deploy/grafana/dashboards from tools/monitoring
	@$(BIN)/python -m monitoring dashboards

.PHONY: rules
rules: install ## Write the alert rules of deploy/prometheus for Prometheus Operator
	@$(BIN)/python -m manifests rules

.PHONY: test-fast
test-fast: install ## Tests that need no server: seconds
	$(BIN)/pytest -q -m "not postgres and not nats and not http and not system and not containers and not prometheus and not chaos"

.PHONY: sizing
sizing: install ## Compute pods, disks and cost from what was measured (docs/sizing.md)
	@$(BIN)/python -m manifests sizing --page docs/sizing.md

.PHONY: eval-detection
eval-detection: install ## Evaluate the detection profiles on real fires and SYNTHETIC nuisances (docs/detection.md)
	@$(BIN)/python -m evaluation --page docs/detection.md

.PHONY: fuzz
fuzz: install ## Fuzz each payload decoder (SECONDS=60); a finding fails
	@$(BIN)/python -m fuzz --seconds $(or $(SECONDS),60)

.PHONY: bench-ingest
bench-ingest: install ## Measure ingest and alarm latency beside their floors: about eight minutes
	@$(BIN)/python -m bench ingest

.PHONY: bench-officer
bench-officer: install ## Measure from a detector's smoke to the officer's screen and brief, idle, under load, and as detectors come back: three minutes
	@$(BIN)/python -m bench.officer

.PHONY: bench-search
bench-search: install ## Measure search by name among a million persons beside pg_trgm: about four minutes
	@$(BIN)/python -m bench.search

.PHONY: bench-lookup
bench-lookup: install ## Measure audited lookups beside their floors: about five minutes
	@$(BIN)/python -m bench lookup

.PHONY: bench-gateway
bench-gateway: install ## Measure the gateway over HTTP beside its floors: about four minutes
	@$(BIN)/python -m bench.gateway

.PHONY: bench-escalations
bench-escalations: install ## Five thousand escalations due in one minute, by three replicas of which one is killed: two minutes
	@$(BIN)/python -m bench.escalations

.PHONY: bench-alarms
bench-alarms: install ## Ten thousand alarms of 251 premises in a minute, by three replicas of which one is killed: two minutes
	@$(BIN)/python -m bench.alarms

# ---------------------------------------------------------------- containers

# An image with Python 3.11; `make images` makes one where no registry answers.
BASE ?= python:3.11-slim-bookworm
WARD_IMAGE ?= safe-digital-ward:latest

build/wheels/requirements.txt: requirements.lock pyproject.toml | install
	@echo "→ tải các gói của ảnh / fetching the image's wheels"
	@rm -rf $(@D)
	@$(BIN)/python -m wheelhouse $(@D)

build/servers/server-requirements.txt: requirements.lock pyproject.toml | install
	@rm -rf $(@D)
	@$(BIN)/python -m wheelhouse --servers $(@D)

.PHONY: wheels
wheels: build/wheels/requirements.txt ## Fetch what the image is built from into build/wheels

.PHONY: image
image: wheels ## Build the image of all services (BASE=python:3.11-slim-bookworm)
	@DOCKER_BUILDKIT=1 docker build --network=none --build-arg BASE=$(BASE) --tag $(WARD_IMAGE) .

.PHONY: images
images: wheels build/servers/server-requirements.txt ## Build all images where no registry answers (root, debootstrap)
	@WARD_IMAGE=$(WARD_IMAGE) deploy/airgap/images.sh

.PHONY: secrets
secrets: install ## Write the keys and configuration that docker compose mounts
	@$(BIN)/python -m stack secrets --run-dir .run/containers

# IMAGES=image TEST_COMPOSE_FILES=docker-compose.yml where a registry answers.
IMAGES ?= images

.PHONY: docker-engine
docker-engine:
	@docker info >/dev/null 2>&1 || { \
	  echo "Không có Docker Engine nào trả lời / no Docker Engine answers: NOT TESTED" >&2; exit 2; }

.PHONY: test-containers
test-containers: docker-engine $(IMAGES) ## Cut, kill and restart containers in fires, and count (needs a Docker Engine)
	$(BIN)/pytest -m containers tests/containers

# Each worker has servers of its own; tests wait for them, so there is one more than cores. WORKERS=0 runs the tests in
# one process, in order.
WORKERS ?= $(shell $(PYTHON) -c 'import os; print(os.cpu_count() + 1)')

.PHONY: test
test: install ## The whole suite, on real PostgreSQL, NATS and gRPC servers (WORKERS=…)
	$(BIN)/pytest -m "not chaos and not containers" -n $(WORKERS)

.PHONY: drill
drill: install ## Back up under load, lose everything, restore, and count what is lost (RPO, RTO): three minutes
	$(BIN)/pytest -s -m chaos tests/chaos/test_backup.py

.PHONY: test-upgrade
test-upgrade: install ## The previous release's data under this one, services started and restarted in any order
	$(BIN)/pytest tests/recovery

.PHONY: chaos
chaos: install ## Kill, pause and cut off every part under load, and count (MINUTES=10); then two million readings
	CHAOS_MINUTES=$(or $(MINUTES),10) $(BIN)/pytest -s -m chaos tests/chaos/test_platform.py tests/chaos/test_flood.py
