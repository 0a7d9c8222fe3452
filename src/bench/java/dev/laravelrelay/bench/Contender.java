package dev.laravelrelay.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A server to be measured.
 *
 * @param needs a file without which it is not installed
 */
record Contender(String name, List<String> command, Map<String, String> environment, Path needs) {

  static final String RELAY = "relay";
  static final String SOCKET_IO = "socket.io";
  static final String NETTY_SOCKETIO = "netty-socketio";

  private static final Path OUT = Path.of("target", "bench");
  private static final Map<String, String> PEER = Map.of("SECRET", Tokens.SECRET, "KEY", Emits.KEY);

  /** The relay, with these flags of the JVM and these settings besides. */
  static Contender relay(List<String> jvmFlags, Map<String, String> settings) {
    Path jar = Path.of("target", "laravel-relay.jar");
    List<String> command = java(jvmFlags);
    command.addAll(List.of("-jar", jar.toString(), "serve", "--bind", "127.0.0.1"));
    command.addAll(List.of("--port", "PORT", "--api-port", "API_PORT"));
    Map<String, String> environment = new HashMap<>(settings);
    environment.put("RELAY_AUTH", "jwt");
    environment.put("RELAY_JWT_SECRET", Tokens.SECRET);
    environment.put("RELAY_API_KEYS", Emits.KEY);
    environment.put("RELAY_LOG_LEVEL", "warn");
    return new Contender(RELAY, command, environment, jar);
  }

  static Contender socketIo() {
    Path home = OUT.resolve("socketio");
    List<String> command =
        List.of("node", "--expose-gc", home.resolve("server.js").toString(), "PORT", "API_PORT");
    return new Contender(SOCKET_IO, command, PEER, home.resolve("node_modules/socket.io"));
  }

  static Contender nettySocketIo(List<String> jvmFlags) {
    Path home = OUT.resolve("netty-socketio");
    List<String> command = java(jvmFlags);
    command.addAll(List.of("-cp", home + ":" + home + "/*", "Peer", "PORT", "API_PORT"));
    return new Contender(NETTY_SOCKETIO, command, PEER, home.resolve("Peer.class"));
  }

  private static List<String> java(List<String> flags) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(flags);
    return command;
  }

  boolean isInstalled() {
    return Files.exists(needs);
  }

  /** Whether the quick benchmark has time for it. */
  boolean isInQuick() {
    return !name.equals(NETTY_SOCKETIO);
  }

  /** The stages that this one has; how netty-socketio rests is not asked for. */
  Set<Stage> inMemory(Set<Stage> stages) {
    Set<Stage> own = Stage.both(stages, Stage.IN_MEMORY);
    if (!name.equals(RELAY)) {
      own.removeAll(Stage.RELAYS_OWN);
    }
    if (name.equals(NETTY_SOCKETIO)) {
      own.remove(Stage.REST);
    }
    return own;
  }

  boolean isOnJvm() {
    return !name.equals(SOCKET_IO);
  }

  ServerProcess start() throws IOException, InterruptedException {
    return new ServerProcess(command, environment, OUT.resolve(name + ".log"));
  }

  static List<String> flags(String line) {
    return line.isBlank() ? List.of() : Arrays.asList(line.trim().split("\\s+"));
  }
}
