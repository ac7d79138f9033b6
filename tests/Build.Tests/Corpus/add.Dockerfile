FROM alpine
ADD --checksum=sha256:24454f830cdb571e2c4ad15481119c43b3cafd48dd869a9b2945d1036d1dc68d https://example.com/src/linux.tar.xz /src/
ADD --keep-git-dir=true https://github.com/moby/buildkit.git#v0.10.1:docs /docs
ADD git@github.com:foo/bar.git /bar
ADD --unpack=true https://example.com/data.tgz /data
COPY --parents ./x/a.txt ./y/./b/*.c /parents/
COPY --exclude=*.md --exclude=test . /all/
ONBUILD COPY --chown=${USER:-root} . /app
