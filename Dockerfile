# MemoryLoop in a container: docs/hosting.md says how it is built and run.
#
# Debian and its Python, on amd64 and arm64 alike. Where no registry can be reached, BASE may be
# any image of Debian 13.
ARG BASE=docker.io/library/debian:trixie-slim

FROM ${BASE} AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 python3-venv
RUN python3 -m venv /opt/memoryloop
# The packages have a layer of their own, which a change of the program's code leaves as it is.
COPY requirements.lock /src/
RUN /opt/memoryloop/bin/pip install --no-cache-dir --disable-pip-version-check \
      --require-hashes -r /src/requirements.lock
COPY pyproject.toml README.md LICENSE /src/
COPY static /src/static
COPY templates /src/templates
COPY accounts /src/accounts
COPY chat /src/chat
COPY flashcards /src/flashcards
COPY memoryloop /src/memoryloop
RUN /opt/memoryloop/bin/pip install --no-cache-dir --disable-pip-version-check --no-deps /src

FROM ${BASE}
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates python3 tini \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --system --uid 1000 --user-group --home-dir /data memoryloop \
 && install -d -o memoryloop -g memoryloop -m 0700 /data
COPY --from=build /opt/memoryloop /opt/memoryloop
ENV PATH=/opt/memoryloop/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    MEMORYLOOP_DATA=/data \
    HOST=0.0.0.0
USER memoryloop
VOLUME /data
EXPOSE 8000
# A worker has no port, so compose.yaml gives it another check.
HEALTHCHECK --interval=30s --timeout=10s --start-period=120s --retries=3 \
  CMD ["python3", "-c", "import os, urllib.request as r; r.urlopen('http://127.0.0.1:' + os.environ.get('PORT', '8000') + '/healthz', timeout=8)"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["tini", "--", "memoryloop"]
CMD ["serve"]
