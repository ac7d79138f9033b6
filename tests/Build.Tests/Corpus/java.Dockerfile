FROM maven:3-eclipse-temurin-21 AS build
WORKDIR /build
COPY pom.xml .
RUN --mount=type=cache,target=/root/.m2 --mount=type=secret,id=settings,target=/root/.m2/settings.xml mvn -B dependency:go-offline
COPY src src
RUN --network=none mvn -B -o package -DskipTests

FROM eclipse-temurin:21-jre
LABEL org.opencontainers.image.source="https://example.com/app" \
      org.opencontainers.image.licenses=MIT
RUN useradd -r app
USER app:app
COPY --from=0 --chmod=0644 /build/target/*.jar /app.jar
ENV JAVA_OPTS="-Xmx256m -Dfile=${HOME:-/tmp}"
ENTRYPOINT exec java $JAVA_OPTS -jar /app.jar
