package dev.laravelrelay.session;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.Protocol;
import dev.laravelrelay.testing.FakeConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SessionTest {

  private final FakeConnection connection = new FakeConnection();
  private final List<String> proved = new ArrayList<>();

  private Delivery delivery(String id) {
    return new Delivery(id, Frame.text(id), null);
  }

  private Delivery receipted(String id) {
    return new Delivery(id, Frame.text(id), () -> proved.add(id));
  }

  @Test
  void whatWasHeldComesBeforeWhatCameMeanwhileAndThatBeforeWhatFollows() {
    Session session = connection.session("1.1", "42");
    session.deliver(delivery("live-1"));
    session.deliver(delivery("live-2"));
    assertEquals(List.of(), connection.written);
    session.catchUp(List.of(delivery("held-1"), delivery("held-2")));
    session.deliver(delivery("live-3"));
    assertEquals(List.of("held-1", "held-2", "live-1", "live-2", "live-3"), connection.written);
  }

  @Test
  void anEventThatWasHeldAndCameMeanwhileIsSentOnce() {
    Session session = connection.session("1.1", "42");
    session.deliver(delivery("b"));
    session.catchUp(List.of(delivery("a"), delivery("b")));
    assertEquals(List.of("a", "b"), connection.written);
  }

  @Test
  void aReceiptIsAskedForBehindItsEvent() {
    Session session = connection.live("1.1", "42");
    session.deliver(receipted("a"));
    session.deliver(receipted("b"));
    assertEquals(List.of("a", "ping", "b"), connection.written);
    connection.answer();
    assertEquals(List.of("a"), proved);
    connection.answer();
    assertEquals(List.of("a", "b"), proved);
  }

  @Test
  void whatDidNotFitIsNotProved() {
    FakeConnection small = new FakeConnection(Runnable::run, 10);
    small.writable = false;
    Session session = small.live("1.1", "42");
    session.deliver(receipted("12345678"));
    session.deliver(receipted("lost"));
    small.answer();
    small.answer();
    assertEquals(List.of("12345678"), proved);
  }

  @Test
  void aClosedSessionSendsNothing() {
    Session session = connection.session("1.1", "42");
    session.deliver(delivery("early"));
    session.closed();
    session.catchUp(List.of(delivery("held")));
    session.deliver(delivery("late"));
    assertEquals(List.of(), connection.written);
  }

  @Test
  void aClosedSessionWithALogGoesOnCollecting() {
    ResumeLog log = new ResumeLog("");
    Session session = connection.session("1.1", "42", Protocol.PLAIN_JSON, log);
    session.catchUp(List.of());
    session.deliver(delivery("had"));
    session.closed();
    session.deliver(delivery("missed"));
    assertEquals(List.of("had"), connection.written);
    assertEquals(
        Optional.of(List.of("missed")),
        log.after("had").map(tail -> tail.stream().map(Delivery::eventId).toList()));
  }
}
