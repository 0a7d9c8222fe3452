package dev.laravelrelay.testing;

import org.opentest4j.TestAbortedException;

/**
 * A Redis that speaks only TLS, wants a client certificate of its CA, and knows only the ACL user
 * {@code relay} with {@link #PASSWORD}, who may do what the relay's README says he must.
 */
public final class SecureRedis implements AutoCloseable {

  public static final String PASSWORD = "p:w/@ it's";

  private static final String ENCODED = "p:w%2F%40%20it's";

  private final RedisProcess process;

  private SecureRedis(RedisProcess process) {
    this.process = process;
  }

  /** Running; the test is skipped where {@code redis-server} was built without TLS. */
  public static SecureRedis start(TestCertificates certificates) {
    RedisProcess process =
        new RedisProcess(
            "--tls-port",
            "PORT",
            "--port",
            "0",
            "--tls-cert-file",
            certificates.certificate("server"),
            "--tls-key-file",
            certificates.key("server"),
            "--tls-ca-cert-file",
            certificates.certificate("ca"),
            "--user",
            "default",
            "off",
            "--user",
            "relay",
            "on",
            ">" + PASSWORD,
            "~relay:*",
            "&*",
            "+@all",
            "-@dangerous",
            "+role",
            "+info");
    process.start();
    try {
      process.awaitOpen();
    } catch (RuntimeException e) {
      process.discard();
      throw new TestAbortedException("no redis-server with TLS", e);
    }
    return new SecureRedis(process);
  }

  /** With the login. */
  public String url() {
    return "rediss://relay:%s@127.0.0.1:%d".formatted(ENCODED, process.port());
  }

  /** With this login, or none. */
  public String url(String login) {
    return "rediss://%s127.0.0.1:%d".formatted(login, process.port());
  }

  @Override
  public void close() {
    process.discard();
  }
}
