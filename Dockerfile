# The lean server: the engine and the counter, no training library.
# Not built where it was written, for want of a container engine; its installation and the server
# were run by hand in an empty environment.
#   docker build -t nba-engine .
#   docker run -p 8080:8080 -v "$PWD/runs:/data" nba-engine /data/policy.safetensors
# The server asks for a key only where it is given keys (-e NBA_SERVE_KEYS=/data/keys.toml, or --keys):
# without them, let it be reached only through a proxy that asks.
FROM python:3.12-slim AS build

RUN apt-get update && apt-get install -y --no-install-recommends g++
WORKDIR /src
COPY . .
RUN pip install -c constraints.txt hatchling cython setuptools \
    && pip wheel --no-build-isolation --no-deps --wheel-dir /wheels .

FROM python:3.12-slim

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1

COPY constraints.txt /app/
COPY --from=build /wheels /app/
RUN pip install -c /app/constraints.txt "$(echo /app/*.whl)[serve]" \
    && useradd --create-home --uid 10001 nba \
    && install -d -o nba -g nba /data

USER nba
WORKDIR /data
VOLUME /data
ENV NBA_SERVE_HOST=0.0.0.0 NBA_SERVE_PORT=8080 NBA_SERVE_JOURNAL=/data/journal
EXPOSE 8080
ENTRYPOINT ["nba", "serve"]
