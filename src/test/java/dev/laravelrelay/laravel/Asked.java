package dev.laravelrelay.laravel;

import dev.laravelrelay.config.AuthConfig;
import dev.laravelrelay.config.LaravelConfig;
import dev.laravelrelay.metrics.RelayMetrics;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.TimeUnit;

/** Settings, counters and answers for the tests of this package. */
final class Asked {

  static final Duration PATIENT = Duration.ofSeconds(10);
  static final Duration HASTY = Duration.ofMillis(200);
  static final Duration CACHE_FOR = Duration.ofMinutes(1);

  private Asked() {}

  static LaravelConfig laravel(URI url, Duration timeout) {
    return new LaravelConfig(Optional.of(url), "/broadcasting/auth", timeout);
  }

  static AuthConfig auth(Duration cacheFor) {
    return new AuthConfig(
        AuthConfig.Mode.LARAVEL,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Duration.ZERO,
        "/api/user",
        cacheFor);
  }

  static RelayMetrics metrics() {
    return new RelayMetrics(new SimpleMeterRegistry());
  }

  static double count(RelayMetrics metrics, String question, String result) {
    Counter counter =
        metrics
            .registry()
            .find("relay_laravel_questions")
            .tags("question", question, "result", result)
            .counter();
    return counter == null ? 0 : counter.count();
  }

  static <T> T get(CompletionStage<T> stage) throws Exception {
    return stage.toCompletableFuture().get(10, TimeUnit.SECONDS);
  }
}
