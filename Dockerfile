# The lean server: the engine and the counter, no training library.
# Not built where it was written, for want of a container engine; the same steps were run by hand
# in an empty environment. Build:  docker build -t nba-engine .
# Run:    docker run -p 8080:8080 -v "$PWD/runs:/data" nba-engine --policy /data/policy.safetensors
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
EXPOSE 8080
ENTRYPOINT ["nba", "serve", "--host", "0.0.0.0", "--port", "8080"]
