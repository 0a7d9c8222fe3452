package dev.laravelrelay.session;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.laravelrelay.testing.FakeConnection;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ChannelMembersTest {

  private final ChannelMembers members = new ChannelMembers();
  private final Session one = new FakeConnection().live("1.1", "42");
  private final Session two = new FakeConnection().live("2.2", "7");

  @Test
  void aChannelExistsWhileItHasAMember() {
    assertTrue(members.join("news", one, ""));
    assertFalse(members.join("news", one, ""));
    assertTrue(members.join("news", two, ""));
    assertEquals(Set.of(one, two), Set.copyOf(members.of("news")));
    assertTrue(members.leave("news", one));
    assertFalse(members.leave("news", one));
    assertTrue(members.leave("news", two));
    assertEquals(0, members.size());
    assertTrue(members.of("news").isEmpty());
  }

  @Test
  void membersBringWhatLaravelSaidOfThem() {
    members.join("presence-room", one, "{\"user_id\":\"42\"}");
    members.join("presence-room", two, "{\"user_id\":\"7\"}");
    assertEquals(
        Map.of(one, "{\"user_id\":\"42\"}", two, "{\"user_id\":\"7\"}"),
        members.infoOf("presence-room"));
  }

  @Test
  void whoLeavesAllIsNowhere() {
    members.join("a", one, "");
    members.join("b", one, "");
    members.join("b", two, "");
    assertEquals(Set.of("a", "b"), members.channelsOf(one));
    assertEquals(Set.of("a", "b"), members.leaveAll(one));
    assertEquals(Set.of(), members.leaveAll(one));
    assertEquals(Set.of(), members.channelsOf(one));
    assertEquals(Set.of(two), Set.copyOf(members.of("b")));
    assertEquals(1, members.size());
  }

  @Test
  void concurrentComingAndGoingLosesNobodyAndLeavesNothing() throws Exception {
    List<Callable<Session>> tasks = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int name = i;
      tasks.add(() -> comeAndGo(name));
    }
    try (ExecutorService threads = Executors.newFixedThreadPool(4)) {
      for (Future<Session> done : threads.invokeAll(tasks)) {
        Session session = done.get();
        assertTrue(members.of("last").contains(session));
        members.leaveAll(session);
      }
    }
    assertEquals(0, members.size());
  }

  private Session comeAndGo(int name) {
    Random random = new Random(name);
    Session session = new FakeConnection().live("9." + name, "u" + name);
    for (int i = 0; i < 20_000; i++) {
      String channel = "c" + random.nextInt(3);
      if (random.nextBoolean()) {
        members.join(channel, session, "");
        if (!members.of(channel).contains(session)) {
          throw new AssertionError("joined and not there");
        }
      } else {
        members.leave(channel, session);
        if (members.of(channel).contains(session)) {
          throw new AssertionError("left and still there");
        }
      }
    }
    members.join("last", session, "");
    return session;
  }
}
