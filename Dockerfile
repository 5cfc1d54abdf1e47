# The one image: four services and the simulator; the command says which (`residency serve`, `gateway serve`).
#
# Built without a network, from wheels that `make wheels` fetched: so it is the same build with a registry and without.
# BASE is any image with Python 3.11 and glibc: the usual one, or that of deploy/airgap/base.sh.
ARG BASE=python:3.11-slim-bookworm

FROM ${BASE} AS build
ENV UV_OFFLINE=1 UV_NO_CACHE=1 UV_NO_INDEX=1 UV_FIND_LINKS=/wheels UV_LINK_MODE=copy UV_PYTHON_DOWNLOADS=never
RUN --mount=type=bind,source=build/wheels,target=/wheels \
    python3 -m zipfile -e /wheels/uv-*.whl /uv && chmod +x /uv/uv-*.data/scripts/uv \
 && ln -s /uv/uv-*.data/scripts/uv /usr/local/bin/uv \
 && uv venv --quiet --python python3 /venv \
 && uv pip sync --quiet --python /venv --require-hashes --compile-bytecode /wheels/requirements.txt \
 && uv venv --quiet --python python3 /tools \
 && uv pip sync --quiet --python /tools --require-hashes /wheels/build-requirements.txt
COPY pyproject.toml README.md /app/
COPY libs /app/libs
COPY services /app/services
COPY tools /app/tools
# The source stays where it is, as in `make install`: the services find their migrations beside them.
RUN cd /app && /tools/bin/python -c 'from hatchling.build import build_editable; build_editable("/tmp")' \
 && uv pip install --quiet --python /venv --no-deps /tmp/*.whl \
 && python3 -m compileall -q /app && mkdir /ward

FROM ${BASE}
COPY --from=build /venv /venv
COPY --from=build /app /app
# Where a job of the simulator writes, and whose a new volume there becomes.
COPY --from=build --chown=10001:10001 /ward /ward
ENV PATH=/venv/bin:/usr/local/bin:/usr/bin:/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1 LANG=C.UTF-8
WORKDIR /app
# A number, so that Kubernetes can see that it is not root.
USER 10001:10001
ENTRYPOINT ["python", "-m"]
