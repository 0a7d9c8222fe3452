package dev.laravelrelay.delivery;

import dev.laravelrelay.delivery.WebhookQueue.Queued;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.Deque;

/** The notices of one lane, oldest first. Guarded by its queue's lock. */
final class WebhookLane {

  static final Comparator<WebhookLane> SOONEST_FIRST =
      Comparator.<WebhookLane>comparingLong(lane -> lane.restsUntil)
          .thenComparingLong(lane -> lane.number);

  /** One notice in its lane. */
  static final class Item {

    final WebhookLane lane;
    Queued queued;
    boolean claimed;
    private final boolean alone;

    Item(Queued queued, WebhookLane lane, boolean alone) {
      this.queued = queued;
      this.lane = lane;
      this.alone = alone;
    }

    /** Whether it must not be in a batch. */
    boolean goesAlone() {
      return alone || queued.attempts() > 0;
    }

    /** What it counts, in bytes, roughly. */
    int weight() {
      return WebhookQueue.weight(queued.notice());
    }
  }

  final String name;
  final Deque<Item> items = new ArrayDeque<>(2);
  boolean claimed;

  /** Epoch milliseconds; not to be changed while the lane is in a sorted set. */
  long restsUntil;

  private final long number;

  WebhookLane(String name, long number) {
    this.name = name;
    this.number = number;
  }
}
