#!/usr/bin/env bash
# Serves the relay's sockets for protocol suites, in the foreground; see ConformanceServer.
# PORT, PING_INTERVAL, PING_TIMEOUT and CONNECT_TIMEOUT come from the environment.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

mvn -q -B -ntp -Dmaven.test.skip=true package
exec "${JAVA_HOME:+$JAVA_HOME/bin/}java" --enable-native-access=ALL-UNNAMED -cp target/laravel-relay.jar \
  src/e2e/java/dev/laravelrelay/e2e/conformance/ConformanceServer.java
