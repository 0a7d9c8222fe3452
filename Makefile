# Laravel Relay. Needs make, Maven 3.9 and a JDK 25 or newer, which it looks for in the usual places.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run test e2e bench bench-quick bench-codecs scaling check format image conformance clean jdk

JDK := 25
JAR := target/laravel-relay.jar
SOURCES = pom.xml $(shell find src/main -type f)

# Prints the home of the first JDK that is new enough; nothing if there is none.
define FIND_JDK
for home in "$$JAVA_HOME" /usr/lib/jvm/* "$$HOME"/.sdkman/candidates/java/* "$$HOME"/.jdks/* \
    /opt/* /opt/java/* /Library/Java/JavaVirtualMachines/*/Contents/Home \
    "$$(/usr/libexec/java_home -v $(JDK)+ 2>/dev/null)" \
    "$$(dirname "$$(dirname "$$(readlink -f "$$(command -v javac)" 2>/dev/null)")")"; do \
  [ -x "$$home/bin/javac" ] && [ -r "$$home/release" ] || continue; \
  version=$$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$$home/release"); \
  if [ "$${version:-0}" -ge $(JDK) ]; then echo "$$home"; break; fi; \
done
endef

export JAVA_HOME := $(shell $(FIND_JDK))
JAVA := "$(JAVA_HOME)/bin/java"

# Maven's own libraries make JDK 25 print warnings otherwise.
export MAVEN_OPTS := --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED \
  $(MAVEN_OPTS)
MVN := mvn -B -ntp

# What pays, for each idle session (make bench): compact headers 2.46 -> 2.17 KB of heap; the two ratios
# 9.1 -> 2.3-3.4 KB of RSS (19,000 clients: 311 -> 198 MB); without -Xmx the young generation, not the
# clients, sets the RSS. Serial and Parallel were no faster than G1.
# CPU until the relay is ready: Jetty told a constant for which it starts all of JMX, 1.01 -> 0.86 s;
# only the JDK's built-in English, as Jetty lists every locale there is, 0.72 -> 0.61 s.
JVM_FLAGS := -XX:+UseCompactObjectHeaders -XX:MinHeapFreeRatio=5 -XX:MaxHeapFreeRatio=15 \
  -Dorg.eclipse.jetty.util.referencesPerCacheLine=16 -Djava.locale.providers=SPI \
  -Xmx512m -XX:+ExitOnOutOfMemoryError \
  --sun-misc-unsafe-memory-access=allow --enable-native-access=ALL-UNNAMED

BENCH = JVM_FLAGS='$(JVM_FLAGS)' $(JAVA) -Xmx1g -cp $(JAR):target/bench/classes \
  dev.laravelrelay.bench.Bench

help: ## Shows this help
	@echo 'make TARGET'
	@sed -n 's/^\([a-z0-9-]*\):.*## /  \1\t/p' $(MAKEFILE_LIST) | expand -t 16

run: $(JAR) ## Builds if sources changed, and serves for development; ARGS="--port 7001" adds flags
	@exec $(JAVA) $(JVM_FLAGS) -jar $(JAR) serve --dev $(ARGS)

test: jdk ## Builds and runs every test that needs no system package
	@$(MVN) verify

e2e: jdk ## Runs the end-to-end tests; installs PHP, Laravel and Redis from Debian if missing
	@src/e2e/run.sh

bench: $(JAR) ## Measures the relay beside npm socket.io and netty-socketio: 40 minutes; ARGS=--only=emit,batch
	@src/bench/prepare.sh
	@$(BENCH) $(ARGS)

bench-quick: $(JAR) ## The same in under two minutes, roughly: one round, npm socket.io only
	@src/bench/prepare.sh
	@$(BENCH) --quick

scaling: $(JAR) ## Measures what two relays ask of one Redis, and simulates more of both; two minutes
	@src/bench/prepare.sh
	@JVM_FLAGS='$(JVM_FLAGS)' $(JAVA) -Xmx1g -cp $(JAR):target/bench/classes \
	  dev.laravelrelay.bench.Scaling

bench-codecs: $(JAR) ## Measures the codecs alone, with JMH; ARGS="-f 1" goes to it
	@JVM_FLAGS='$(JVM_FLAGS)' src/bench/codecs.sh $(ARGS)

check: jdk ## Checks the format, and compiles with Error Prone and NullAway as errors
	@$(MVN) -q -Pcheck test-compile

format: jdk ## Formats the sources
	@$(MVN) -q -Pcheck spotless:apply

image: ## Builds the container image laravel-relay
	docker build -f deploy/docker/Dockerfile -t laravel-relay .

conformance: jdk ## Serves the protocol suites' application in the foreground; PORT=3000
	@PORT=$(or $(PORT),3000) exec src/e2e/conformance.sh

clean: ## Removes what was built
	@rm -rf target

jdk:
	@[ -n "$(JAVA_HOME)" ] || { \
	  echo 'No JDK $(JDK) or newer was found: install one, or set JAVA_HOME to it.' >&2; exit 2; }
	@command -v mvn >/dev/null || { echo 'Maven was not found: install it.' >&2; exit 2; }

$(JAR): $(SOURCES) | jdk
	@echo 'Building; the first time Maven fetches the libraries.'
	@$(MVN) -q -Dmaven.test.skip=true package
	@touch $@
