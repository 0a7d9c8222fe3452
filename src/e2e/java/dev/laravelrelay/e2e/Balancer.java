package dev.laravelrelay.e2e;

import static org.awaitility.Awaitility.await;

import dev.laravelrelay.testing.FreePorts;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Debian's nginx or HAProxy in front of several nodes, with the configuration of {@code deploy/}:
 * only ports, paths and certificates are others, and clients come without TLS.
 */
final class Balancer implements AutoCloseable {

  private static final Path DEPLOY = Path.of("deploy");

  private final Path directory;
  private final int port = FreePorts.next();
  private final boolean isNginx;
  private @Nullable ChildProcess child;

  private Balancer(boolean isNginx) {
    this.isNginx = isNginx;
    try {
      directory =
          Files.createTempDirectory(
              "e2e-balancer",
              PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwxr-xr-x")));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** nginx that tells clients apart by {@code ?device=}. */
  static Balancer nginx(RelayProcess... nodes) {
    return nginx("hash $arg_device consistent;", nodes);
  }

  /** nginx that sends each request to the next node. */
  static Balancer roundRobin(RelayProcess... nodes) {
    return nginx("", nodes);
  }

  private static Balancer nginx(String method, RelayProcess... nodes) {
    Balancer nginx = new Balancer(true);
    nginx.write(nginx.site(method, nodes));
    return nginx.start("nginx", "-p", nginx.directory.toString(), "-c", "nginx.conf");
  }

  /** HAProxy that tells clients apart by {@code ?device=}. */
  static Balancer haproxy(RelayProcess... nodes) {
    Balancer haproxy = new Balancer(false);
    haproxy.write(
        read(DEPLOY.resolve("haproxy/laravel-relay.cfg"))
            .replaceAll("bind :443 ssl crt \\S+", "bind 127.0.0.1:" + haproxy.port)
            .replaceAll("maxconn \\d+", "maxconn 1000")
            .replaceAll("(?m)^ *server .*\n", "")
            .concat(
                Stream.of(nodes)
                    .map(
                        node ->
                            """
                              server n%1$d 127.0.0.1:%1$d
                              server n%1$d-unwell 127.0.0.1:%1$d no-check backup
                            """
                                .formatted(node.port()))
                    .collect(Collectors.joining())));
    return haproxy.start("haproxy", "-db", "-f", haproxy.config().toString());
  }

  /** What {@code nginx -t} or {@code haproxy -c} says of the file as it is in {@code deploy/}. */
  static String check(String proxy) {
    Balancer checked = new Balancer(proxy.equals("nginx"));
    try (checked) {
      Path pem = checked.certificate();
      if (checked.isNginx) {
        checked.write(
            checked.around(
                read(DEPLOY.resolve("nginx/laravel-relay.conf"))
                    .replaceAll("/etc/letsencrypt/live/\\S+\\.pem", pem.toString())
                    .replaceAll("/var/log/nginx/\\S+", checked.directory + "/access.log ")));
        return checked.run("nginx", "-t", "-p", checked.directory.toString(), "-c", "nginx.conf");
      }
      checked.write(
          read(DEPLOY.resolve("haproxy/laravel-relay.cfg"))
              .replaceAll("/etc/haproxy/\\S+\\.pem", pem.toString()));
      return checked.run("haproxy", "-c", "-f", checked.config().toString());
    }
  }

  /** Sends each request to the next of these nodes from now on; connections that are open stay. */
  void reload(RelayProcess... nodes) {
    write(site("", nodes));
    run("nginx", "-s", "reload", "-p", directory.toString(), "-c", "nginx.conf");
  }

  /** What it has said so far. */
  String log() {
    return child == null ? "" : child.log();
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  /** For the client with this name. */
  String url(String device) {
    return url() + "/?device=" + device;
  }

  private String site(String method, RelayProcess... nodes) {
    String servers =
        Stream.of(nodes)
            .map(node -> "  server 127.0.0.1:%d fail_timeout=2s;\n".formatted(node.port()))
            .collect(Collectors.joining());
    return around(
        read(DEPLOY.resolve("nginx/laravel-relay.conf"))
            .replace("  server 127.0.0.1:6001 fail_timeout=2s;\n", servers)
            .replace("# hash $arg_device consistent;", method)
            .replaceAll("(?m)^ *listen \\[::].*\n", "")
            .replaceAll("(?m)^ *ssl_.*\n", "")
            .replace("listen 443 ssl;", "listen 127.0.0.1:%d;".formatted(port))
            .replaceAll("/var/log/nginx/\\S+", directory + "/access.log "));
  }

  /** The site in a configuration of its own, with nothing outside the directory. */
  private String around(String site) {
    String root = "root".equals(System.getProperty("user.name")) ? "user root;\n" : "";
    return root
        + """
        daemon off;
        pid nginx.pid;
        error_log error.log;
        worker_processes 1;
        events { worker_connections 1000; }
        http {
          client_body_temp_path body;
          proxy_temp_path proxy;
          fastcgi_temp_path fastcgi;
          uwsgi_temp_path uwsgi;
          scgi_temp_path scgi;
        %s
        }
        """
            .formatted(site);
  }

  private Balancer start(String... command) {
    child = ChildProcess.start(command[0], directory, Map.of(), List.of(resolved(command)));
    await(command[0])
        .atMost(Duration.ofSeconds(20))
        .pollInterval(Duration.ofMillis(20))
        .until(this::answers);
    return this;
  }

  private boolean answers() {
    if (child == null || !child.isAlive()) {
      throw new IllegalStateException(child == null ? "not started" : child.log());
    }
    try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
      return socket.isConnected();
    } catch (IOException notYet) {
      return false;
    }
  }

  private String run(String... command) {
    ChildProcess once =
        ChildProcess.start(command[0], directory, Map.of(), List.of(resolved(command)));
    int exit = once.awaitExit(Duration.ofSeconds(20));
    return "exit " + exit + "\n" + once.log();
  }

  /** Debian has both in /usr/sbin, where not every PATH goes. */
  private static String[] resolved(String... command) {
    Path sbin = Path.of("/usr/sbin", command[0]);
    if (Files.isExecutable(sbin)) {
      command[0] = sbin.toString();
    }
    return command;
  }

  private Path config() {
    return directory.resolve(isNginx ? "nginx.conf" : "haproxy.cfg");
  }

  private void write(String config) {
    try {
      Files.writeString(config(), config);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A key and a certificate in one file. */
  private Path certificate() {
    Path pem = directory.resolve("cert.pem");
    String said =
        run(
            "openssl",
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-days",
            "1",
            "-subj",
            "/CN=relay.example.com",
            "-keyout",
            pem.toString(),
            "-out",
            pem + ".crt");
    try {
      Files.writeString(pem, Files.readString(pem) + Files.readString(Path.of(pem + ".crt")));
    } catch (IOException e) {
      throw new UncheckedIOException(said, e);
    }
    return pem;
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public void close() {
    if (child != null) {
      child.close();
    }
    try (Stream<Path> files = Files.walk(directory)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.delete(file);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
