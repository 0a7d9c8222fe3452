#!/usr/bin/env bash
# Compiles the load generator against the relay's jar, and fetches the peers to target/bench.
# A peer that cannot be had is left out there; the benchmark reports it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
jar=target/laravel-relay.jar
out=target/bench
mkdir -p "$out"

rm -rf "$out/classes"
"$JAVA_HOME/bin/javac" -Xlint:all,-processing,-classfile -d "$out/classes" -cp "$jar" \
  src/bench/java/dev/laravelrelay/bench/*.java

mkdir -p "$out/socketio"
cp src/bench/peers/socketio/* "$out/socketio/"
if [[ ! -d $out/socketio/node_modules/socket.io ]]; then
  npm install --prefix "$out/socketio" --no-audit --no-fund --loglevel=error >"$out/npm.log" 2>&1 ||
    echo "npm socket.io cannot be installed; see $out/npm.log" >&2
fi

peer=$out/netty-socketio
if [[ ! -e $peer/Peer.class ]]; then
  { mvn -q -B -ntp -f src/bench/peers/netty-socketio/pom.xml \
    dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$PWD/$peer" &&
    "$JAVA_HOME/bin/javac" -proc:none -nowarn -d "$peer" -cp "$peer/*" \
      src/bench/peers/netty-socketio/Peer.java; } >"$out/maven.log" 2>&1 ||
    echo "netty-socketio cannot be installed; see $out/maven.log" >&2
fi
