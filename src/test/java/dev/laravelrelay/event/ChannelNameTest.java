package dev.laravelrelay.event;

import static dev.laravelrelay.event.ChannelName.Kind.PRESENCE;
import static dev.laravelrelay.event.ChannelName.Kind.PRIVATE;
import static dev.laravelrelay.event.ChannelName.Kind.PRIVATE_ENCRYPTED;
import static dev.laravelrelay.event.ChannelName.Kind.PUBLIC;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ChannelNameTest {

  @Test
  void thePrefixSaysWhoMayJoin() {
    assertEquals(PUBLIC, ChannelName.kind("news"));
    assertEquals(PUBLIC, ChannelName.kind("privateer"));
    assertEquals(PUBLIC, ChannelName.kind("Private-x"));
    assertEquals(PRIVATE, ChannelName.kind("private-orders.1"));
    assertEquals(PRESENCE, ChannelName.kind("presence-room.1"));
    assertEquals(PRIVATE_ENCRYPTED, ChannelName.kind("private-encrypted-orders.1"));
  }

  @Test
  void onlyPublicChannelsNeedNoAuthorization() {
    assertFalse(PUBLIC.needsAuthorization());
    assertTrue(PRIVATE.needsAuthorization());
    assertTrue(PRESENCE.needsAuthorization());
    assertTrue(PRIVATE_ENCRYPTED.needsAuthorization());
  }

  @ParameterizedTest
  @ValueSource(strings = {"a", "private-user.42", "presence-A_b=c@d,e.f;g", "App.Models.User.1"})
  void pushersCharactersAreAllowed(String name) {
    assertTrue(ChannelName.isValid(name));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "user:1", "a b", "a\n", "é", "private-user.*", "#server", "a/b"})
  void othersAreNot(String name) {
    assertFalse(ChannelName.isValid(name));
  }

  @Test
  void aNameHasAtMost164Characters() {
    assertTrue(ChannelName.isValid("a".repeat(164)));
    assertFalse(ChannelName.isValid("a".repeat(165)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"private-user.42", "private-App.Models.User.42", "private-App.User.42"})
  void aUsersOwnChannelNamesHim(String name) {
    assertEquals(Optional.of("42"), ChannelName.owner(name));
  }

  @Test
  void anIdMayBeAUuid() {
    String id = "0193a1b2-7c3d-7e4f-8a5b-6c7d8e9f0a1b";
    assertEquals(Optional.of(id), ChannelName.owner("private-user." + id));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "private-user.",
        "private-user.42.orders",
        "private-users.42",
        "presence-user.42",
        "user.42",
        "private-encrypted-user.42",
        "laravel_database_private-user.42"
      })
  void otherChannelsBelongToNobody(String name) {
    assertEquals(Optional.empty(), ChannelName.owner(name));
  }
}
