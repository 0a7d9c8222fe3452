package dev.laravelrelay.testing;

import com.github.dockerjava.api.DockerClient;
import com.github.dockerjava.api.model.ExposedPort;
import com.github.dockerjava.api.model.PortBinding;
import com.github.dockerjava.api.model.Ports;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.StandardProtocolFamily;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.testcontainers.DockerClientFactory;
import org.testcontainers.containers.GenericContainer;
import org.testcontainers.utility.DockerImageName;

/** Redis in a container, bound to a loopback port that it keeps over a restart. */
final class RedisContainer implements TestRedis.Host {

  private static final String IMAGE = "redis:7-alpine";
  private static final int INSIDE = 6379;
  private static final int PATIENCE_MILLIS = 1_000;

  private final int port = FreePorts.next();
  private final GenericContainer<?> container =
      new GenericContainer<>(DockerImageName.parse(IMAGE))
          .withCommand("redis-server", "--save", "", "--appendonly", "no")
          .withExposedPorts(INSIDE)
          .withCreateContainerCmdModifier(
              create ->
                  create
                      .getHostConfig()
                      .withPortBindings(
                          new PortBinding(
                              Ports.Binding.bindIpAndPort("127.0.0.1", port),
                              ExposedPort.tcp(INSIDE))));

  /** Whether a Docker daemon answers, asked without waiting for one that does not. */
  static boolean dockerAnswers() {
    String host = System.getenv().getOrDefault("DOCKER_HOST", "unix:///var/run/docker.sock");
    URI uri = URI.create(host);
    return switch (uri.getScheme()) {
      case "unix" ->
          Files.exists(Path.of(uri.getPath()))
              && answers(StandardProtocolFamily.UNIX, UnixDomainSocketAddress.of(uri.getPath()));
      case "tcp" ->
          answers(StandardProtocolFamily.INET, new InetSocketAddress(uri.getHost(), uri.getPort()));
      default -> false;
    };
  }

  private static boolean answers(StandardProtocolFamily family, SocketAddress address) {
    try (SocketChannel channel = SocketChannel.open(family);
        Selector selector = Selector.open()) {
      channel.configureBlocking(false);
      if (!channel.connect(address)) {
        channel.register(selector, SelectionKey.OP_CONNECT);
        if (selector.select(PATIENCE_MILLIS) == 0 || !channel.finishConnect()) {
          return false;
        }
        channel.keyFor(selector).interestOps(SelectionKey.OP_READ);
      } else {
        channel.register(selector, SelectionKey.OP_READ);
      }
      String ping = "GET /_ping HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n";
      channel.write(ByteBuffer.wrap(ping.getBytes(StandardCharsets.US_ASCII)));
      selector.selectedKeys().clear();
      ByteBuffer answer = ByteBuffer.allocate(64);
      return selector.select(PATIENCE_MILLIS) > 0
          && channel.read(answer) > 0
          && new String(answer.array(), 0, answer.position(), StandardCharsets.US_ASCII)
              .contains(" 200 ");
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public String url() {
    return "redis://127.0.0.1:" + port;
  }

  @Override
  public void start() {
    if (container.getContainerId() == null) {
      container.start();
    } else {
      docker().startContainerCmd(container.getContainerId()).exec();
    }
  }

  @Override
  public void kill() {
    if (container.isRunning()) {
      docker().killContainerCmd(container.getContainerId()).exec();
    }
  }

  @Override
  public void freeze() {
    docker().pauseContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void thaw() {
    docker().unpauseContainerCmd(container.getContainerId()).exec();
  }

  @Override
  public void discard() {
    container.stop();
  }

  private static DockerClient docker() {
    return DockerClientFactory.instance().client();
  }
}
