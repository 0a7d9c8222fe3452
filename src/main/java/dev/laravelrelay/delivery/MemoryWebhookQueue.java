package dev.laravelrelay.delivery;

import dev.laravelrelay.delivery.WebhookLane.Item;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.Duration;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;

/** A queue in this process's memory, gone when it ends. One lock; nothing is called under it. */
public final class MemoryWebhookQueue implements WebhookQueue {

  private record Deceased(Notice notice, Dead known) {}

  private final int limit;
  private final RelayMetrics metrics;
  private final InstantSource clock;

  private final Object lock = new Object();
  private final Map<String, WebhookLane> lanes = new HashMap<>();
  private final Map<String, Item> byId = new LinkedHashMap<>();
  private final LinkedHashSet<WebhookLane> due = new LinkedHashSet<>();
  private final TreeSet<WebhookLane> resting = new TreeSet<>(WebhookLane.SOONEST_FIRST);
  private final LinkedHashMap<String, Deceased> dead = new LinkedHashMap<>();
  private long bytes;
  private long laneNumber;

  public MemoryWebhookQueue(int limit, RelayMetrics metrics, InstantSource clock) {
    this.limit = limit;
    this.metrics = metrics;
    this.clock = clock;
    metrics.gauge("relay_webhooks_queued", "Notices that Laravel has not heard yet", this::size);
    metrics.gauge(
        "relay_webhooks_oldest_seconds", "Age of the oldest of them", this::oldestSeconds);
    metrics.gauge("relay_webhooks_dead", "Notices that were given up", this::deadSize);
  }

  @Override
  public CompletionStage<Void> add(Notice notice, boolean alone) {
    int dropped = 0;
    synchronized (lock) {
      if (!byId.containsKey(notice.id())) {
        put(notice, alone);
        while ((byId.size() > limit || bytes > MAX_BYTES) && dropOldest()) {
          dropped++;
        }
      }
    }
    for (int i = 0; i < dropped; i++) {
      metrics.webhookDropped("full");
    }
    return CompletableFuture.completedStage(null);
  }

  private void put(Notice notice, boolean alone) {
    WebhookLane lane =
        lanes.computeIfAbsent(notice.lane(), name -> new WebhookLane(name, laneNumber++));
    Item item = new Item(new Queued(notice, 0, clock.millis()), lane, alone);
    lane.items.add(item);
    byId.put(notice.id(), item);
    bytes += item.weight();
    if (lane.items.size() == 1 && !lane.claimed) {
      due.add(lane);
    }
  }

  private boolean dropOldest() {
    for (Item item : byId.values()) {
      if (!item.claimed) {
        remove(item);
        return true;
      }
    }
    return false;
  }

  private void remove(Item item) {
    byId.remove(item.queued.notice().id());
    bytes -= item.weight();
    WebhookLane lane = item.lane;
    lane.items.remove(item);
    if (lane.items.isEmpty() && !lane.claimed) {
      due.remove(lane);
      resting.remove(lane);
      lanes.remove(lane.name);
    }
  }

  @Override
  public List<Queued> claim(int most) {
    synchronized (lock) {
      long now = clock.millis();
      while (!resting.isEmpty() && resting.first().restsUntil <= now) {
        due.add(resting.removeFirst());
      }
      if (due.isEmpty()) {
        return List.of();
      }
      List<Queued> claimed = new ArrayList<>();
      boolean alone = due.getFirst().items.getFirst().goesAlone();
      int size = 0;
      Iterator<WebhookLane> next = due.iterator();
      while (next.hasNext() && claimed.size() < most && (size < MAX_BATCH_BYTES || size == 0)) {
        WebhookLane lane = next.next();
        if (alone || !lane.items.getFirst().goesAlone()) {
          size += claim(lane, alone ? 1 : most - claimed.size(), claimed);
          next.remove();
        }
        if (alone) {
          break;
        }
      }
      return claimed;
    }
  }

  @Override
  public @Nullable Queued claim(Notice notice) {
    synchronized (lock) {
      Item item = byId.get(notice.id());
      if (item == null || item.lane.items.getFirst() != item || !due.remove(item.lane)) {
        return null;
      }
      List<Queued> claimed = new ArrayList<>(1);
      claim(item.lane, 1, claimed);
      return claimed.getFirst();
    }
  }

  private static int claim(WebhookLane lane, int most, List<Queued> claimed) {
    lane.claimed = true;
    int size = 0;
    int count = 0;
    for (Item item : lane.items) {
      if (count > 0 && (count == most || item.goesAlone() || size >= MAX_BATCH_BYTES)) {
        break;
      }
      item.claimed = true;
      claimed.add(item.queued);
      size += item.weight();
      count++;
    }
    return size;
  }

  @Override
  public void delivered(List<Queued> claimed) {
    synchronized (lock) {
      settle(claimed, 0, false, true);
    }
  }

  @Override
  public void refused(List<Queued> claimed, Duration rest) {
    synchronized (lock) {
      settle(claimed, clock.millis() + rest.toMillis(), true, false);
    }
  }

  @Override
  public void release(List<Queued> claimed) {
    synchronized (lock) {
      settle(claimed, 0, false, false);
    }
  }

  private void settle(List<Queued> claimed, long restsUntil, boolean attempted, boolean gone) {
    Set<WebhookLane> settled = new HashSet<>();
    for (Queued one : claimed) {
      Item item = byId.get(one.notice().id());
      if (item != null && item.claimed) {
        item.claimed = false;
        settled.add(item.lane);
        if (gone) {
          remove(item);
        } else if (attempted) {
          item.queued = new Queued(one.notice(), one.attempts() + 1, one.queuedAt());
        }
      }
    }
    for (WebhookLane lane : settled) {
      if (!lane.items.isEmpty() && lane.items.getFirst().claimed) {
        continue; // the rest of its claim is yet to be settled
      }
      lane.claimed = false;
      lane.restsUntil = restsUntil;
      if (lane.items.isEmpty()) {
        lanes.remove(lane.name);
      } else if (restsUntil > 0) {
        resting.add(lane);
      } else {
        due.add(lane);
      }
    }
  }

  @Override
  public void died(Queued claimed, String error) {
    boolean dropped;
    synchronized (lock) {
      settle(List.of(claimed), 0, false, true);
      Notice notice = claimed.notice();
      Dead known =
          new Dead(
              notice.id(),
              notice.kind(),
              notice.occurredAt(),
              claimed.attempts(),
              clock.millis(),
              error);
      dead.put(notice.id(), new Deceased(notice, known));
      dropped = dead.size() > MAX_DEAD && dead.pollFirstEntry() != null;
    }
    if (dropped) {
      metrics.webhookDropped("dead");
    }
  }

  @Override
  public CompletionStage<List<Dead>> dead() {
    synchronized (lock) {
      return CompletableFuture.completedStage(dead.values().stream().map(Deceased::known).toList());
    }
  }

  private int deadSize() {
    synchronized (lock) {
      return dead.size();
    }
  }

  @Override
  public CompletionStage<Boolean> retry(String id) {
    Deceased one;
    synchronized (lock) {
      one = dead.remove(id);
    }
    if (one != null) {
      add(one.notice(), false);
    }
    return CompletableFuture.completedStage(one != null);
  }

  @Override
  public CompletionStage<Integer> retryAll() {
    List<Deceased> all;
    synchronized (lock) {
      all = List.copyOf(dead.values());
      dead.clear();
    }
    all.forEach(one -> add(one.notice(), false));
    return CompletableFuture.completedStage(all.size());
  }

  @Override
  public int size() {
    synchronized (lock) {
      return byId.size();
    }
  }

  @Override
  public int unkept() {
    return size();
  }

  private double oldestSeconds() {
    synchronized (lock) {
      if (byId.isEmpty()) {
        return 0;
      }
      long queuedAt = byId.values().iterator().next().queued.queuedAt();
      return Math.max(0, clock.millis() - queuedAt) / 1000.0;
    }
  }
}
