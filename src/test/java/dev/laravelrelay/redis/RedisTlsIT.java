package dev.laravelrelay.redis;

import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.config.RedisConfig.Tls;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.SecureRedis;
import dev.laravelrelay.testing.TestCertificates;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A Redis with TLS, client certificates and an ACL. */
@Timeout(60)
class RedisTlsIT {

  private static final Target USER = new Target.User("42");

  @TempDir private static Path directory;
  private static TestCertificates certificates;
  private static SecureRedis redis;

  @BeforeAll
  static void startRedis() {
    certificates = new TestCertificates(directory);
    redis = SecureRedis.start(certificates);
  }

  @AfterAll
  static void stopRedis() {
    if (redis != null) {
      redis.close();
    }
  }

  @Test
  void aNodeWithCertificateAndLoginWorks() throws Exception {
    try (TestNode a = TestNode.patient(config(redis.url(), tls("ca", "client")));
        TestNode b = TestNode.patient(config(redis.url(), tls("ca", "client")))) {
      assertNull(a.engine.problem());
      TestNode.Phone phone = b.phone("42");
      Emission.Accepted sent = a.accepted(USER, Terms.NONE);
      assertEquals(Verdict.SENT, sent.verdict());
      await().until(() -> phone.ids().equals(List.of(sent.id())));
      Terms hold = new Terms(30, 0, null, null);
      assertEquals(Verdict.HELD, a.accepted(new Target.User("7"), hold).verdict());
      b.phone("7").answer();
      await().until(() -> a.engine.presence().of("7").toCompletableFuture().get().size() == 1);
    }
  }

  @Test
  void aPemMayStandInTheSettingItself() throws Exception {
    Tls tls =
        new Tls(
            Optional.of(Files.readString(Path.of(certificates.certificate("ca")))),
            Optional.of(Files.readString(Path.of(certificates.certificate("client")))),
            Optional.of(
                new Secret(
                    Files.readString(Path.of(certificates.key("client"))).replace("\n", "\\n"))));
    try (TestNode node = TestNode.patient(config(redis.url(), tls))) {
      assertNull(node.engine.problem());
    }
  }

  @Test
  void whatIsWrongIsOneClause() throws Exception {
    assertProblem(
        redis.url(),
        tls("other", "client"),
        "its certificate is not signed by anyone whom the relay trusts: see RELAY_REDIS_CA");
    assertProblem(
        redis.url(), Tls.NONE, "not signed by anyone whom the relay trusts: see RELAY_REDIS_CA");
    assertProblem(
        redis.url(),
        new Tls(Optional.of(certificates.certificate("ca")), Optional.empty(), Optional.empty()),
        "it refuses the relay's client certificate, or wants one: see RELAY_REDIS_CERT");
    assertProblem(redis.url("relay:wrong@"), tls("ca", "client"), "WRONGPASS");
    assertProblem(redis.url(""), tls("ca", "client"), "it wants a password, and maybe a user");
    assertProblem(redis.url().replace("rediss", "redis"), Tls.NONE, "Connection reset");
  }

  private static void assertProblem(String url, Tls tls, String clause) throws Exception {
    try (TestNode node = new TestNode(config(url, tls), Duration.ofMillis(300))) {
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(
              () -> {
                String problem = String.valueOf(node.engine.problem());
                assertTrue(problem.contains(clause), problem);
                assertTrue(problem.contains("not there yet, for "), problem);
                assertFalse(problem.contains("p:w"), problem);
              });
    }
  }

  @Test
  void settingsOfNoUseAreOneSentence() throws Exception {
    Path noPem = Files.writeString(directory.resolve("no.pem"), "nothing");
    assertRefused(
        new Tls(Optional.of("/no/such/file"), Optional.empty(), Optional.empty()),
        "RELAY_REDIS_CA is neither a PEM nor the path of a file that can be read.");
    assertRefused(
        new Tls(Optional.of(noPem.toString()), Optional.empty(), Optional.empty()),
        "RELAY_REDIS_CA holds no PEM certificate.");
    assertRefused(
        new Tls(Optional.empty(), Optional.of(certificates.certificate("ca")), Optional.empty()),
        "RELAY_REDIS_CERT and RELAY_REDIS_KEY go together: only one of them is set.");
    String client = certificates.certificate("client");
    assertRefused(
        new Tls(Optional.empty(), Optional.of(client), Optional.of(new Secret(client))),
        "RELAY_REDIS_KEY holds no unencrypted PKCS#8 key");
    assertRefused(
        new Tls(
            Optional.empty(),
            Optional.of(noPem.toString()),
            Optional.of(new Secret(certificates.key("client")))),
        "RELAY_REDIS_CERT holds no PEM certificate.");
    assertEquals(
        Optional.of(
            "Redis cannot be used: RELAY_REDIS_CA, RELAY_REDIS_CERT and RELAY_REDIS_KEY need a URL"
                + " that begins with rediss."),
        RedisClients.problem(config("redis://127.0.0.1", tls("ca", "client"))));
  }

  private static void assertRefused(Tls tls, String sentence) {
    String problem = RedisClients.problem(config("rediss://127.0.0.1", tls)).orElseThrow();
    assertTrue(problem.startsWith("Redis cannot be used: " + sentence), problem);
    assertEquals(1, problem.lines().count());
  }

  private static RedisConfig config(String url, Tls tls) {
    return new RedisConfig(Optional.of(new Secret(url)), "relay:", List.of(), 0, tls);
  }

  private static Tls tls(String ca, String client) {
    return new Tls(
        Optional.of(certificates.certificate(ca)),
        Optional.of(certificates.certificate(client)),
        Optional.of(new Secret(certificates.key(client))));
  }
}
