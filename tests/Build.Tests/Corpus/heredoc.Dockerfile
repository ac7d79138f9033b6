# syntax=docker/dockerfile:1
FROM python:3.12-slim
ARG APP=demo
COPY <<-"SH" <<conf /usr/local/etc/
	#!/bin/sh
	exec "$@"
	SH
	app=${APP}
conf
RUN <<EOF bash -e
set -u
echo "building ${APP}"
EOF
RUN <<'PY'
#!/usr/bin/env python3
print("hello")
PY
ENTRYPOINT ["sh", "/usr/local/etc/SH"]
