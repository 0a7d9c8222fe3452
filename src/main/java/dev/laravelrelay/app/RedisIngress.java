package dev.laravelrelay.app;

import dev.laravelrelay.call.CallEmitter;
import dev.laravelrelay.config.RedisConfig;
import dev.laravelrelay.delivery.Dispatcher;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.lifecycle.Readiness;
import dev.laravelrelay.lifecycle.StopSequence;
import dev.laravelrelay.metrics.RelayMetrics;
import dev.laravelrelay.redis.EmitStream;
import dev.laravelrelay.redis.LaravelBroadcasts;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What Laravel says by way of Redis: its broadcasts, which every node hears, and the stream of
 * emits, unless it is switched off. For what the node has no room yet, both wait.
 */
final class RedisIngress {

  private final LaravelBroadcasts broadcasts;
  private final @Nullable EmitStream stream;

  /** Hears nothing yet, and counts towards readiness. */
  RedisIngress(
      RedisConfig config,
      int maxEmitBytes,
      EventCodec codec,
      CallEmitter emitter,
      Dispatcher dispatcher,
      RelayMetrics metrics,
      Readiness readiness) {
    this.broadcasts =
        new LaravelBroadcasts(
            config, dispatcher::dispatchWithRoom, metrics, System::currentTimeMillis);
    readiness.require("laravel_broadcasts", broadcasts::problem);
    this.stream =
        config.streamInFlight() == 0
            ? null
            : new EmitStream(
                config,
                codec,
                emitter,
                dispatcher.backlog()::awaitRoom,
                maxEmitBytes,
                metrics,
                System::currentTimeMillis);
    if (stream != null) {
      readiness.require("emit_stream", stream::problem);
    }
  }

  /** Begins to hear broadcasts; they end with the stops. */
  void listen(StopSequence stops) {
    broadcasts.start();
    stops.push("broadcasts", broadcasts::close);
  }

  /** Begins to read the stream; that ends with the stops. */
  void read(StopSequence stops) {
    if (stream != null) {
      stream.start();
      stops.push("emit stream", stream::stop);
    }
  }

  /** For whoever wants to know how it stands. */
  Map<String, Object> details() {
    return stream == null ? Map.of() : Map.of("emit_stream", stream.details());
  }
}
