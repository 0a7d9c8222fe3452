package dev.laravelrelay.bench;

import dev.laravelrelay.config.DeliveryConfig;
import dev.laravelrelay.event.EmitBatch;
import dev.laravelrelay.event.EventCodec;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.EngineIo;
import dev.laravelrelay.protocol.Frame;
import dev.laravelrelay.protocol.SocketIo;
import java.nio.charset.StandardCharsets;
import java.time.InstantSource;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;

/**
 * What the codecs cost: a call event in, alone and in a batch of 100, out, and a poll's payload
 * with three packets.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(2)
public class Codecs {

  private static final String DATA =
      "{\"callId\":\"c-667\",\"reason\":\"User declined\",\"timestamp\":1795358188000}";

  private static final int BATCH = 100;

  private final EventCodec codec =
      new EventCodec(new DeliveryConfig(0, 100, 1 << 20, 1 << 30), InstantSource.system());
  private final RawJson data = RawJson.of(DATA);
  private byte[] emit = bytes("{\"user\":42,\"event\":\"call:rejected\",\"data\":" + DATA + "}");
  private byte[] batch = bytes("[" + ("," + text(emit)).repeat(BATCH).substring(1) + "]");
  private String payload =
      "3\u001e42[\"call:reject\"," + DATA + "]\u001e4212[\"subscribe\",{\"channel\":\"orders\"}]";

  private static byte[] bytes(String json) {
    return json.getBytes(StandardCharsets.UTF_8);
  }

  private static String text(byte[] json) {
    return new String(json, StandardCharsets.UTF_8);
  }

  @Benchmark
  public EventCodec.Parsed parseAnEmit() {
    return codec.parse(emit, null);
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public EmitBatch parseABatchPerEmit() {
    return EmitBatch.parse(batch, codec);
  }

  @Benchmark
  public Frame encodeAnEvent() {
    return SocketIo.event("/", "call:rejected", data);
  }

  @Benchmark
  public EngineIo.Decoded parseAnEngineIoPayload() {
    return EngineIo.decodePayload(payload);
  }
}
