package dev.laravelrelay.bench;

import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** A server that is measured: its life, and what the operating system says it used. */
final class ServerProcess {

  private static final long NANOS_PER_TICK = 10_000_000;
  private static final long READY_SECONDS = 30;

  private final Process process;
  final InetSocketAddress sockets;
  final InetSocketAddress api;

  /** As {@link System#nanoTime()}. */
  final long startedAt = System.nanoTime();

  final double readyMillis;

  /** Starts it, with {@code PORT} and {@code API_PORT} in the command replaced. */
  ServerProcess(List<String> command, Map<String, String> environment, Path log)
      throws IOException, InterruptedException {
    sockets = freePort();
    api = freePort();
    List<String> filled =
        command.stream()
            .map(word -> word.equals("PORT") ? port(sockets) : word)
            .map(word -> word.equals("API_PORT") ? port(api) : word)
            .toList();
    ProcessBuilder builder =
        new ProcessBuilder(filled)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()));
    builder.environment().putAll(environment);
    process = builder.start();
    Runtime.getRuntime().addShutdownHook(new Thread(process::destroyForcibly));
    while (!isReady()) {
      if (!process.isAlive()
          || System.nanoTime() - startedAt > TimeUnit.SECONDS.toNanos(READY_SECONDS)) {
        process.destroyForcibly();
        throw new IOException("it did not start; see " + log);
      }
      TimeUnit.MILLISECONDS.sleep(2);
    }
    readyMillis = (System.nanoTime() - startedAt) / 1e6;
  }

  private static String port(InetSocketAddress address) {
    return Integer.toString(address.getPort());
  }

  private static InetSocketAddress freePort() throws IOException {
    try (ServerSocket socket = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      return new InetSocketAddress("127.0.0.1", socket.getLocalPort());
    }
  }

  private boolean isReady() {
    try (Socket socket = new Socket(api.getAddress(), api.getPort())) {
      socket.setSoTimeout(5_000);
      String request = "GET /health/ready HTTP/1.1\r\nHost: relay\r\nConnection: close\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
      byte[] status = socket.getInputStream().readNBytes(12);
      return new String(status, StandardCharsets.ISO_8859_1).endsWith(" 200");
    } catch (IOException notYet) {
      return false;
    }
  }

  long pid() {
    return process.pid();
  }

  /** CPU time that it has used, all threads, in user mode and in the kernel. */
  long cpuNanos() throws IOException {
    return nanos(Files.readString(Path.of("/proc/" + pid() + "/stat")));
  }

  private static long nanos(String stat) {
    String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ");
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) * NANOS_PER_TICK;
  }

  /** Of that, what the compilers of a JVM used. */
  long compilerNanos() throws IOException {
    long nanos = 0;
    try (DirectoryStream<Path> threads =
        Files.newDirectoryStream(Path.of("/proc/" + pid() + "/task"))) {
      for (Path thread : threads) {
        String stat = statOf(thread);
        if (stat.contains("(C1 Compiler") || stat.contains("(C2 Compiler")) {
          nanos += nanos(stat);
        }
      }
    }
    return nanos;
  }

  private static String statOf(Path thread) throws IOException {
    try {
      return Files.readString(thread.resolve("stat"));
    } catch (IOException ended) {
      return "";
    }
  }

  /** Memory that it holds, without the kernel's for its sockets. */
  long rssBytes() throws IOException {
    for (String line : Files.readAllLines(Path.of("/proc/" + pid() + "/status"))) {
      if (line.startsWith("VmRSS:")) {
        return Long.parseLong(line.replaceAll("\\D", "")) * 1_024;
      }
    }
    throw new IOException("no VmRSS");
  }

  /** Collects twice, then returns the bytes of all live objects. For a JVM. */
  long liveHeapBytes() throws IOException, InterruptedException {
    jcmd("GC.run");
    jcmd("GC.run");
    String histogram = jcmd("GC.class_histogram");
    String total = histogram.substring(histogram.lastIndexOf("Total")).trim();
    return Long.parseLong(total.split("\\s+")[2]);
  }

  String jcmd(String... command) throws IOException, InterruptedException {
    Path jcmd = Path.of(System.getProperty("java.home"), "bin", "jcmd");
    List<String> all = new ArrayList<>(List.of(jcmd.toString(), Long.toString(pid())));
    all.addAll(List.of(command));
    Process run = new ProcessBuilder(all).redirectErrorStream(true).start();
    String said = new String(run.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    run.waitFor();
    return said;
  }

  void stop() {
    process.destroyForcibly();
    process.onExit().join();
  }
}
