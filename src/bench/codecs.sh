#!/usr/bin/env bash
# Runs the benchmarks of the codecs with JMH, against the relay's jar. Arguments go to JMH.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."
jar=target/laravel-relay.jar
out=target/bench/codecs
mkdir -p "$out/lib"

if ! compgen -G "$out/lib/jmh-core-*.jar" >/dev/null; then
  mvn -q -B -ntp -f src/bench/codecs/pom.xml dependency:copy-dependencies \
    -DincludeScope=runtime -DoutputDirectory="$PWD/$out/lib"
fi
rm -rf "$out/classes"
"$JAVA_HOME/bin/javac" -nowarn -proc:full -d "$out/classes" -cp "$jar:$out/lib/*" \
  src/bench/codecs/Codecs.java
exec "$JAVA_HOME/bin/java" -cp "$out/classes:$out/lib/*:$jar" org.openjdk.jmh.Main \
  -jvmArgs "$JVM_FLAGS" -rf json -rff target/bench/codecs.json "$@"
