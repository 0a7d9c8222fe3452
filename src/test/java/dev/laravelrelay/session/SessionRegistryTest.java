package dev.laravelrelay.session;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.testing.FakeConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SessionRegistryTest {

  private final SessionRegistry registry = new SessionRegistry();

  private static Session session(String id, String user) {
    return new FakeConnection().live(id, user);
  }

  @Test
  void findsSessionsByUserAndBySocket() {
    Session one = session("1.1", "42");
    Session two = session("2.2", "42");
    Session other = session("3.3", "7");
    List.of(one, two, other).forEach(registry::add);
    assertArrayEquals(new Session[] {one, two}, registry.ofUser("42"));
    assertSame(other, registry.ofSocket("3.3"));
    assertEquals(3, registry.size());
    assertEquals(2, registry.users());
    assertTrue(registry.remove(one));
    assertFalse(registry.remove(one));
    assertArrayEquals(new Session[] {two}, registry.ofUser("42"));
    assertTrue(registry.remove(two));
    assertEquals(0, registry.ofUser("42").length);
    assertNull(registry.ofSocket("2.2"));
    assertEquals(1, registry.users());
  }

  @Test
  void twoSessionsNeverShareAnId() {
    Session first = session("1.1", "42");
    registry.add(first);
    assertThrows(IllegalStateException.class, () -> registry.add(session("1.1", "7")));
    assertFalse(registry.remove(session("1.1", "42")));
    assertSame(first, registry.ofSocket("1.1"));
    assertEquals(0, registry.ofUser("7").length);
  }

  /**
   * Two threads connect and close sessions of few users while two emit. A session that was there
   * during the whole of an emit gets it, once; whoever has come is found and whoever has gone is
   * not; and in the end the registry knows exactly who is left.
   */
  @RepeatedTest(5)
  void underConcurrentConnectEmitAndCloseWhoStaysMissesNothing() throws Exception {
    int users = 3;
    List<FakeConnection> constant = new ArrayList<>();
    for (int user = 0; user < users; user++) {
      FakeConnection connection = new FakeConnection();
      constant.add(connection);
      registry.add(connection.live("constant." + user, "u" + user));
    }
    AtomicBoolean wrong = new AtomicBoolean();
    List<Callable<Integer>> tasks = new ArrayList<>();
    for (int churner = 0; churner < 2; churner++) {
      int name = churner;
      tasks.add(() -> churn(name, users, wrong));
    }
    int emits = 5_000;
    for (int emitter = 0; emitter < 2; emitter++) {
      int name = emitter;
      tasks.add(() -> emit(name, users, emits, wrong));
    }
    int left = 0;
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<Integer> done : threads.invokeAll(tasks)) {
        left += done.get();
      }
    }
    assertFalse(wrong.get());
    assertEquals(users + left, registry.size());
    for (FakeConnection connection : constant) {
      assertEquals(2 * emits, connection.written.size());
      assertEquals(2 * emits, connection.written.stream().distinct().count());
    }
    for (Session session : List.copyOf(registry.all())) {
      assertTrue(List.of(registry.ofUser(session.user())).contains(session));
    }
  }

  /** Returns how many sessions it left open. */
  private int churn(int name, int users, AtomicBoolean wrong) {
    Random random = new Random(name);
    List<Session> open = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      if (open.size() < 5 || random.nextInt(100) < 50 && open.size() < 50) {
        Session session = session(name + "." + i, "u" + random.nextInt(users));
        registry.add(session);
        open.add(session);
        if (registry.ofSocket(session.id()) != session) {
          wrong.set(true);
        }
      } else {
        Session session = open.remove(random.nextInt(open.size()));
        session.closed();
        if (!registry.remove(session)
            || List.of(registry.ofUser(session.user())).contains(session)) {
          wrong.set(true);
        }
      }
    }
    return open.size();
  }

  private int emit(int name, int users, int emits, AtomicBoolean wrong) {
    for (int i = 0; i < emits; i++) {
      String id = name + ":" + i;
      Delivery delivery = new Delivery(id, Frame.text(id), null);
      for (int user = 0; user < users; user++) {
        boolean constantSeen = false;
        for (Session session : registry.ofUser("u" + user)) {
          constantSeen |= session.id().startsWith("constant");
          if (session.id().startsWith("constant")) {
            session.deliver(delivery);
          }
        }
        if (!constantSeen) {
          wrong.set(true);
        }
      }
    }
    return 0;
  }
}
