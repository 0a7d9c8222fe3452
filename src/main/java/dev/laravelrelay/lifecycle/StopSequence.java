package dev.laravelrelay.lifecycle;

import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What has been started, to be stopped in reverse. Each started part pushes its stop. Idempotent; a
 * step that fails is logged and the rest goes on. Safe from any thread.
 */
public final class StopSequence implements AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(StopSequence.class);

  /** A step may throw: the sequence goes on. */
  @FunctionalInterface
  public interface Step {
    void stop() throws Exception;
  }

  private record Named(String name, Step step) {}

  private final Deque<Named> steps = new ArrayDeque<>();

  /** Adds a step, to be run before all that were added earlier. */
  public synchronized void push(String name, Step step) {
    steps.push(new Named(name, step));
  }

  /** Runs every step once, the last pushed first. */
  @Override
  public void close() {
    Named next;
    while ((next = pop()) != null) {
      try {
        next.step.stop();
        log.debug("stopped {}", next.name);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        log.warn("stopping {} was interrupted", next.name);
      } catch (Exception e) {
        log.warn("stopping {} failed", next.name, e);
      }
    }
  }

  private synchronized Named pop() {
    return steps.poll();
  }
}
