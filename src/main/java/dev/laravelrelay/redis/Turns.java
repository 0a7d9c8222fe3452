package dev.laravelrelay.redis;

import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;

/**
 * Who comes after whom, by key. Bounded by the turns that have not passed. Safe from any thread.
 */
final class Turns {

  /** The last turn of each key that has not passed. Guarded by this. */
  private final Map<String, CompletableFuture<Void>> last = new HashMap<>();

  /** One turn; others with a key of its own wait until it has passed. */
  final class Turn {

    private final Collection<String> keys;
    private final CompletableFuture<Void> passed = new CompletableFuture<>();
    private final CompletableFuture<Void> come;

    private Turn(Collection<String> keys) {
      this.keys = keys;
      synchronized (Turns.this) {
        List<CompletableFuture<Void>> before =
            keys.stream().map(last::get).filter(turn -> turn != null).distinct().toList();
        come = CompletableFuture.allOf(before.toArray(CompletableFuture[]::new));
        keys.forEach(key -> last.put(key, passed));
      }
    }

    /** Done when all earlier turns with one of its keys have passed. */
    CompletableFuture<Void> come() {
      return come;
    }

    /** Lets the next one come. Idempotent. */
    void pass() {
      synchronized (Turns.this) {
        keys.forEach(key -> last.remove(key, passed));
      }
      passed.complete(null);
    }
  }

  /** Whether all turns with this key have passed. */
  synchronized boolean isFree(String key) {
    return !last.containsKey(key);
  }

  Turn take(Collection<String> keys) {
    return new Turn(keys);
  }
}
