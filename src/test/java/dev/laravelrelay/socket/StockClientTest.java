package dev.laravelrelay.socket;

import static dev.laravelrelay.testing.Deliveries.request;
import static dev.laravelrelay.testing.Deliveries.terms;
import static dev.laravelrelay.testing.Deliveries.user;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.auth.Authenticator.Identity.Unknown;
import dev.laravelrelay.auth.DevAuthenticator;
import dev.laravelrelay.config.SocketConfig;
import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Verdict;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.protocol.CloseReason;
import dev.laravelrelay.testing.LiveRelay;
import dev.laravelrelay.testing.SocketConfigs;
import io.socket.client.IO;
import io.socket.client.Socket;
import io.socket.engineio.client.EngineIOException;
import java.net.URI;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.json.JSONObject;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The stock client, as an Android app uses it, in its three modes. */
@Timeout(30)
class StockClientTest {

  private static final String POLLING = "polling";
  private static final String WEBSOCKET = "websocket";
  private static final String UPGRADE = "polling,websocket";

  private final BlockingQueue<Object[]> heard = new LinkedBlockingQueue<>();
  private final BlockingQueue<String> states = new LinkedBlockingQueue<>();
  private LiveRelay relay;
  private Socket socket;

  @BeforeEach
  void start() {
    relay = new LiveRelay(SocketConfigs.calm());
  }

  @AfterEach
  void stop() {
    socket.close();
    relay.close();
  }

  private void connect(String transports, String token) {
    IO.Options options =
        IO.Options.builder()
            .setForceNew(true)
            .setTransports(transports.split(","))
            .setAuth(Map.of("token", token))
            .build();
    socket = IO.socket(URI.create("http://127.0.0.1:" + relay.port()), options);
    socket.on(Socket.EVENT_CONNECT, args -> states.add("connect"));
    socket.on(Socket.EVENT_DISCONNECT, args -> states.add("disconnect: " + args[0]));
    socket.on(Socket.EVENT_CONNECT_ERROR, heard::add);
    socket.on("call:rejected", heard::add);
    socket.connect();
  }

  private String state() throws InterruptedException {
    return states.poll(10, TimeUnit.SECONDS);
  }

  private Object[] next() throws InterruptedException {
    Object[] args = heard.poll(10, TimeUnit.SECONDS);
    assertNotNull(args, "nothing came");
    return args;
  }

  private CompletableFuture<Emission> emit(String id, Terms terms) {
    return relay.node.emitter.emit(request(relay.node.event(id, user("42"), terms)));
  }

  @ParameterizedTest
  @ValueSource(strings = {POLLING, WEBSOCKET, UPGRADE})
  void getsEachEventAsAnObjectInOrderAndConfirms(String transports) throws Exception {
    connect(transports, "42");
    assertEquals("connect", state());
    for (int i = 0; i < 50; i++) {
      emit("e" + i, Terms.NONE);
    }
    Emission.Accepted last = (Emission.Accepted) emit("last", terms(0, 10_000)).get();
    assertEquals(Verdict.CONFIRMED, last.verdict());
    for (int i = 0; i < 50; i++) {
      Object[] args = next();
      assertEquals(1, args.length);
      assertEquals("e" + i, assertInstanceOf(JSONObject.class, args[0]).getString("n"));
    }
    assertEquals("last", ((JSONObject) next()[0]).getString("n"));
    assertTrue(relay.node.registry.ofSocket(socket.id()) != null);
  }

  @ParameterizedTest
  @ValueSource(strings = {POLLING, WEBSOCKET, UPGRADE})
  void aRefusalSaysWhyAndTheClientStaysAway(String transports) throws Exception {
    connect(transports, "");
    JSONObject refusal = assertInstanceOf(JSONObject.class, next()[0]);
    assertEquals("unauthorized", refusal.getString("message"));
    assertEquals(401, refusal.getJSONObject("data").getInt("code"));
    assertEquals("missing", refusal.getJSONObject("data").getString("reason"));
    assertFalse(socket.connected());
    assertEquals(0, relay.node.registry.size());
  }

  @ParameterizedTest
  @ValueSource(strings = {POLLING, WEBSOCKET, UPGRADE})
  void aClientWhoseTokenCannotBeCheckedIsToldSoAndComesBackByItself(String transports)
      throws Exception {
    AtomicInteger asked = new AtomicInteger();
    DevAuthenticator awake = new DevAuthenticator();
    Executor onceThePollWaits = CompletableFuture.delayedExecutor(300, TimeUnit.MILLISECONDS);
    relay.close();
    relay =
        new LiveRelay(
            SocketConfigs.calm(),
            token ->
                asked.getAndIncrement() == 0
                    ? CompletableFuture.supplyAsync(() -> Unknown.UNAVAILABLE, onceThePollWaits)
                    : awake.authenticate(token));

    connect(transports, "42");

    assertEquals("disconnect: transport error", state());
    assertInstanceOf(EngineIOException.class, next()[0], "no refusal, behind which it stays away");
    assertEquals("connect", state());
    assertEquals(2, asked.get());
  }

  @ParameterizedTest
  @ValueSource(strings = {POLLING, WEBSOCKET, UPGRADE})
  void aClientThatDisconnectsIsForgotten(String transports) throws Exception {
    connect(transports, "42");
    assertEquals("connect", state());
    socket.disconnect();
    await().until(() -> relay.node.registry.size() == 0);
    await().until(() -> relay.sockets.connections() == 0);
    assertEquals(Verdict.OFFLINE, ((Emission.Accepted) emit("a", Terms.NONE).get()).verdict());
  }

  @ParameterizedTest
  @ValueSource(strings = {POLLING, WEBSOCKET})
  void aSessionThatIsEndedForGoodStaysAway(String transports) throws Exception {
    connect(transports, "42");
    assertEquals("connect", state());
    relay.node.registry.ofUser("42")[0].close(CloseReason.SERVER_DISCONNECTED);
    assertEquals("disconnect: io server disconnect", state());
    assertFalse(socket.io().reconnection() && socket.connected());
  }

  @ParameterizedTest
  @ValueSource(strings = {POLLING, WEBSOCKET, UPGRADE})
  void aClientWhoseTokenEndsComesBackByItself(String transports) throws Exception {
    connect(transports, "42");
    assertEquals("connect", state());
    relay.node.registry.ofUser("42")[0].close(CloseReason.TOKEN_EXPIRED);
    assertTrue(state().startsWith("disconnect: transport "));
    assertEquals("connect", state());
  }

  @ParameterizedTest
  @ValueSource(strings = {POLLING, WEBSOCKET, UPGRADE})
  void aDrainedClientComesBackToTheNextRelayByItself(String transports) throws Exception {
    connect(transports, "42");
    assertEquals("connect", state());
    int port = relay.port();
    emit("before", Terms.NONE);
    relay.sockets.drain(Duration.ofMillis(100));
    assertTrue(state().startsWith("disconnect: transport "));
    relay.close();
    relay = new LiveRelay(onPort(port));
    assertEquals("connect", state());
    emit("after", Terms.NONE);
    await().until(() -> heard.stream().anyMatch(args -> args[0].toString().contains("\"after\"")));
    assertTrue(heard.stream().anyMatch(args -> args[0].toString().contains("\"before\"")));
  }

  private static SocketConfig onPort(int port) {
    SocketConfig calm = SocketConfigs.calm();
    return new SocketConfig(
        calm.bind(),
        port,
        calm.pingInterval(),
        calm.pingTimeout(),
        calm.connectTimeout(),
        calm.upgradeTimeout(),
        calm.maxMessageBytes(),
        calm.outboxBytes(),
        calm.maxSessions(),
        calm.allowedOrigins(),
        calm.trustedProxies());
  }

  @Test
  void whatWasHeldComesFirstAfterTheReconnect() throws Exception {
    emit("held-1", terms(60, 0));
    emit("held-2", terms(60, 0));
    connect(WEBSOCKET, "42");
    assertEquals("held-1", ((JSONObject) next()[0]).getString("n"));
    assertEquals("held-2", ((JSONObject) next()[0]).getString("n"));
    await().until(() -> relay.node.held.events() == 0);
  }
}
