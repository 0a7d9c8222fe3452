package dev.laravelrelay.delivery;

import static dev.laravelrelay.testing.Deliveries.user;
import static dev.laravelrelay.testing.Deliveries.users;
import static dev.laravelrelay.testing.Deliveries.written;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.laravelrelay.delivery.Backplane.Reach;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.session.ResumeLog;
import dev.laravelrelay.session.Session;
import dev.laravelrelay.testing.Deliveries;
import dev.laravelrelay.testing.FakeConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Executor;
import org.junit.jupiter.api.Test;

class DispatcherTest {

  private final Deliveries node = new Deliveries();
  private final FakeConnection phone = new FakeConnection();
  private final FakeConnection tablet = new FakeConnection();

  private List<Reach> dispatch(Target target) {
    return node.dispatcher.dispatch(node.event("a", target, Terms.NONE));
  }

  @Test
  void usersAreReachedInTheirOrderAlsoWhoIsAway() {
    node.connect(phone, "1.1", "42");
    assertEquals(
        List.of(new Reach("7", 0, false), new Reach("42", 1, false)), dispatch(users("7", "42")));
  }

  @Test
  void aSocketIsReachedAlone() {
    node.connect(phone, "1.1", "42");
    node.connect(tablet, "2.2", "42");
    assertEquals(List.of(new Reach("42", 1, false)), dispatch(new Target.Socket("2.2")));
    assertEquals(List.of(), phone.written);
    assertEquals(List.of(written("a")), tablet.written);
    assertEquals(List.of(new Reach("", 0, false)), dispatch(new Target.Socket("9.9")));
  }

  @Test
  void everyoneIsEverySession() {
    node.connect(phone, "1.1", "42");
    node.connect(tablet, "2.2", "7");
    assertEquals(List.of(new Reach("", 2, false)), dispatch(new Target.Everyone()));
  }

  @Test
  void whoIsInSeveralOfTheChannelsGetsItOnce() {
    Session session = node.connect(phone, "1.1", "42");
    node.channels.join("news", session, "");
    node.channels.join("sport", session, "");
    assertEquals(
        List.of(new Reach("42", 1, false)),
        dispatch(new Target.Channels(List.of("news", "sport", "private-user.42"))));
    assertEquals(List.of(written("a")), phone.written);
  }

  @Test
  void theExceptedSocketIsLeftOut() {
    node.connect(phone, "1.1", "42");
    node.connect(tablet, "2.2", "42");
    Terms toOthers = new Terms(0, 0, null, "1.1");
    assertEquals(
        List.of(new Reach("42", 1, false)),
        node.dispatcher.dispatch(node.event("a", user("42"), toOthers)));
    assertEquals(List.of(), phone.written);
  }

  @Test
  void eachProtocolGetsItsOwnWordsAndASuspendedSessionLogs() {
    ResumeLog log = new ResumeLog("");
    Session socketIo = phone.session("1.1", "42", Protocol.SOCKET_IO, null);
    Session resumable = tablet.session("2.2", "42", Protocol.SOCKET_IO_RESUMABLE, log);
    for (Session session : List.of(socketIo, resumable)) {
      session.catchUp(List.of());
    }
    node.registry.add(socketIo);
    resumable.closed();
    node.suspended.add(resumable, 0);
    assertEquals(List.of(new Reach("42", 1, false)), dispatch(user("42")));
    assertEquals(List.of("42[\"call:rejected\",{\"n\":\"a\"}]"), phone.written);
    assertEquals(List.of(), tablet.written);
    assertEquals(
        "42[\"call:rejected\",{\"n\":\"a\"},\"a\"]",
        log.after("").orElseThrow().getFirst().frame().text());
  }

  @Test
  void aClosedSessionIsNotReached() {
    node.connect(phone, "1.1", "42").closed();
    assertEquals(List.of(new Reach("42", 0, false)), dispatch(user("42")));
    assertNull(phone.closedFor.get());
    assertEquals(List.of(), phone.written);
  }

  @Test
  void aFanOutIsOneTaskForEachLoop() {
    List<Runnable> tasks = new ArrayList<>();
    Executor loop = tasks::add;
    Executor other = tasks::add;
    List<FakeConnection> connections = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      FakeConnection connection = new FakeConnection(i % 2 == 0 ? loop : other, Integer.MAX_VALUE);
      connections.add(connection);
      node.registry.add(connection.live("1." + i, "u" + i));
    }
    assertEquals(List.of(new Reach("", 100, false)), dispatch(new Target.Everyone()));
    assertEquals(2, tasks.size());
    tasks.forEach(Runnable::run);
    connections.forEach(one -> assertEquals(List.of(written("a")), one.written));
    assertEquals(100, node.count("relay_deliveries"));
  }
}
