# The lean server: the engine and the counter, no training library.
# Not built where it was written, for want of a container engine; its installation and the server
# were run by hand in an empty environment.
#   docker build -t nba-engine .
#   docker run -p 8080:8080 -v "$PWD/runs:/data" nba-engine /data/policy.safetensors
# The server asks for no key yet: let it be reached only through a proxy that does.
FROM python:3.12-slim

ENV PIP_NO_CACHE_DIR=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONUNBUFFERED=1 OMP_NUM_THREADS=1

WORKDIR /app
COPY . .
RUN pip install -c constraints.txt '.[serve]' \
    && useradd --create-home --uid 10001 nba \
    && install -d -o nba -g nba /data

USER nba
WORKDIR /data
VOLUME /data
ENV NBA_SERVE_HOST=0.0.0.0 NBA_SERVE_PORT=8080 NBA_SERVE_JOURNAL=/data/journal
EXPOSE 8080
ENTRYPOINT ["nba", "serve"]
