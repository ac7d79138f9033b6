from debian:bookworm
MAINTAINER Somebody <me@example.com>
ENV DEBIAN_FRONTEND noninteractive
RUN apt-get update && apt-get install -y \
        curl \

        git \
    && rm -rf /var/lib/apt/lists/*
ADD app.tar.gz /opt
VOLUME /data /logs
expose 80 443/tcp 6000-6002/udp
STOPSIGNAL 15
CMD /opt/app/run.sh --port 80
