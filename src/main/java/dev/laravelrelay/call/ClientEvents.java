package dev.laravelrelay.call;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.Webhook;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.metrics.RelayMetrics;
import io.github.bucket4j.Bucket;
import java.io.ByteArrayOutputStream;
import java.time.InstantSource;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.json.JsonMapper;

/**
 * What clients emit: signals to calls that the relay knows go to the other party, signals to other
 * calls and the events that Laravel wants to hear go to Laravel, anything else nowhere. Limited in
 * rate and size. Safe from any thread; never blocks.
 */
public final class ClientEvents {

  private static final Logger log = LoggerFactory.getLogger(ClientEvents.class);

  /** The largest payload of an event for Laravel, in bytes. */
  static final int MAX_BYTES = 64 * 1024;

  private static final RawJson TAKEN = RawJson.of("{\"ok\":true}");
  private static final RawJson QUEUED = RawJson.of("{\"ok\":true,\"verdict\":\"queued\"}");

  private final CallSignals signals;
  private final Webhook webhook;
  private final ClientLimits limits;
  private final List<String> wanted;
  private final RelayMetrics metrics;
  private final InstantSource clock;

  public ClientEvents(
      WebhookConfig config,
      CallDirectory directory,
      Emitter emitter,
      Webhook webhook,
      RelayMetrics metrics,
      InstantSource clock) {
    this.signals =
        new CallSignals(directory, emitter, webhook, config.callHoldSeconds(), metrics, clock);
    this.webhook = webhook;
    this.limits = new ClientLimits(config.clientRate(), config.userRate(), metrics);
    this.wanted = config.clientEvents();
    this.metrics = metrics;
    this.clock = clock;
  }

  /** What one session emits. Not safe for threads. */
  public final class Source {

    private final CallSignals.Sender sender;
    private @Nullable Bucket bucket;
    private @Nullable Bucket requests;

    private Source(CallSignals.Sender sender) {
      this.sender = sender;
    }

    /** Whether the client may ask for one thing more: to join a channel, or a token's check. */
    public boolean mayAsk() {
      if (requests == null) {
        requests = limits.ofRequests();
      }
      return limits.allows(requests);
    }

    /** Takes an event; never completes exceptionally. */
    public CompletionStage<ClientReply> event(String name, List<RawJson> args) {
      CallSignal signal = CallSignal.of(name);
      if (signal == null && !isWanted(name)) {
        metrics.clientEventIgnored();
        return CompletableFuture.completedStage(new ClientReply.Ignored());
      }
      if (bucket == null) {
        bucket = limits.ofSession();
      }
      if (!limits.allows(bucket, sender.user())) {
        return CompletableFuture.completedStage(
            ClientReply.refused(null, "rate_limited", "Too many events; slow down."));
      }
      CompletionStage<ClientReply> reply =
          signal == null ? toLaravel(name, args) : signal(signal, name, args);
      return reply.exceptionally(
          failure -> {
            log.error("an event of a client failed", failure);
            return ClientReply.refused(null, "unavailable", "That failed; try again.");
          });
    }

    private CompletionStage<ClientReply> signal(
        CallSignal signal, String name, List<RawJson> args) {
      RawJson data = args.isEmpty() ? RawJson.EMPTY_OBJECT : args.getFirst();
      return signals
          .signal(signal, sender, data)
          .thenCompose(
              reply ->
                  reply
                      .<CompletionStage<ClientReply>>map(CompletableFuture::completedStage)
                      .orElseGet(() -> unknownCall(signal, name, args)));
    }

    private CompletionStage<ClientReply> unknownCall(
        CallSignal signal, String name, List<RawJson> args) {
      return toLaravel(name, args)
          .thenApply(
              reply -> {
                boolean asked = !(reply instanceof ClientReply.Ignored);
                metrics.callSignal(
                    signal.leadsTo().lowerCase(), asked ? "laravel" : "unknown_call");
                return asked ? reply : CallSignals.unknown(args.getFirst());
              });
    }

    private CompletionStage<ClientReply> toLaravel(String name, List<RawJson> args) {
      if (args.stream().mapToLong(RawJson::length).sum() > MAX_BYTES) {
        String message = "The payload must not be larger than " + MAX_BYTES + " bytes.";
        return CompletableFuture.completedStage(ClientReply.refused(null, "invalid", message));
      }
      long now = clock.millis();
      Notice notice = Notice.ofUser(Notice.Kind.CLIENT_EVENT, sender.user(), now, data(name, args));
      return webhook.ask(notice).thenApply(this::reply);
    }

    private ClientReply reply(Webhook.Answer answer) {
      metrics.clientEventSent(answer instanceof Webhook.Answer.Replied ? "replied" : "queued");
      return switch (answer) {
        case Webhook.Answer.Replied(RawJson ack) -> new ClientReply.Done(ack == null ? TAKEN : ack);
        case Webhook.Answer.Queued _ -> new ClientReply.Done(QUEUED);
        case Webhook.Answer.Nobody _ -> new ClientReply.Ignored();
      };
    }

    private RawJson data(String name, List<RawJson> args) {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream(256);
      try (JsonGenerator out = JsonMapper.shared().createGenerator(bytes)) {
        out.writeStartObject();
        out.writeStringProperty("event", name);
        out.writeStringProperty("user", sender.user());
        out.writeStringProperty("socket_id", sender.socketId());
        out.writeName("data");
        write(args.isEmpty() ? RawJson.EMPTY_OBJECT : args.getFirst(), out);
        if (args.size() > 1) {
          out.writeArrayPropertyStart("args");
          args.forEach(arg -> write(arg, out));
          out.writeEndArray();
        }
        out.writeEndObject();
      }
      byte[] json = bytes.toByteArray();
      return RawJson.slice(json, 0, json.length);
    }

    private static void write(RawJson value, JsonGenerator out) {
      out.writeRawValue(new String(value.toBytes(), UTF_8));
    }
  }

  /** What this session of the user emits from now on. */
  public Source of(String user, String socketId) {
    return new Source(new CallSignals.Sender(user, socketId));
  }

  private boolean isWanted(String name) {
    return wanted.stream()
        .anyMatch(
            one ->
                one.endsWith("*")
                    ? name.startsWith(one.substring(0, one.length() - 1))
                    : name.equals(one));
  }
}
