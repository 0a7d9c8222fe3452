package dev.laravelrelay.redis;

import java.io.Serial;

/** A command was not answered in time, or not even sent. Whether it was executed is not known. */
final class RedisAway extends RuntimeException {

  @Serial private static final long serialVersionUID = 1;

  RedisAway(String why) {
    super(why, null, false, false);
  }
}
