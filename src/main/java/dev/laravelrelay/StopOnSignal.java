package dev.laravelrelay;

import java.time.Duration;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Makes SIGTERM and Ctrl-C an orderly stop: runs it on the JVM's shutdown thread, then ends the
 * process with 0, where the JVM by itself would say 143 or 130. A stop that fails, or takes longer
 * than its time and {@link #MARGIN}, ends with 1.
 */
final class StopOnSignal implements AutoCloseable {

  /** What a stop may take beyond its drain; what ends the process by force must wait longer. */
  static final Duration MARGIN = Duration.ofSeconds(10);

  private static final Logger log = LoggerFactory.getLogger(StopOnSignal.class);

  /** A stop may throw. */
  @FunctionalInterface
  interface Stop {
    void stop() throws Exception;
  }

  private final Thread hook;

  private StopOnSignal(Thread hook) {
    this.hook = hook;
  }

  /**
   * From now on a signal runs this stop.
   *
   * @param drain how long the stop is meant to take at most
   */
  static StopOnSignal install(Stop stop, Duration drain) {
    Thread hook = new Thread(() -> run(stop, drain.plus(MARGIN)), "stop");
    Runtime.getRuntime().addShutdownHook(hook);
    return new StopOnSignal(hook);
  }

  /**
   * Signals are the JVM's own business again. If one is being heeded, this does not return: the
   * process ends when the stop has.
   */
  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException alreadyStopping) {
      try {
        hook.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static void run(Stop stop, Duration deadline) {
    Thread.ofPlatform().daemon().name("stop-watchdog").start(() -> haltAfter(deadline));
    int code = 0;
    try {
      stop.stop();
    } catch (Exception e) {
      log.error("stopping failed", e);
      code = 1;
    }
    halt(code);
  }

  private static void haltAfter(Duration deadline) {
    try {
      Thread.sleep(deadline);
      log.error("not stopped within {} s: giving up", deadline.toSeconds());
      halt(1);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void halt(int code) {
    Logging.flush();
    System.out.flush();
    System.err.flush();
    Runtime.getRuntime().halt(code);
  }
}
