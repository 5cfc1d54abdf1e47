# Stands in for `prom/prometheus` where no registry answers: Debian's package. To build it takes a Debian mirror.
ARG BASE=ward-base:bookworm
FROM ${BASE}
RUN apt-get update -q && apt-get install -y -q --no-install-recommends prometheus && rm -rf /var/lib/apt/lists/* \
 && install -d -m 700 -o 65534 -g 65534 /prometheus
COPY --chmod=755 deploy/images/wget /usr/local/bin/wget
USER 65534:65534
ENTRYPOINT ["prometheus"]
