package dev.laravelrelay.call;

import dev.laravelrelay.delivery.Emission;
import dev.laravelrelay.delivery.Emitter;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.Webhook;
import dev.laravelrelay.event.EmitRequest;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.EventIds;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.metrics.RelayMetrics;
import java.time.InstantSource;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * What a party of a call says on its socket reaches the other party at once: its own other sessions
 * hear that the call is handled, and Laravel hears of it behind. A signal that does not move the
 * call is answered to its sender only. Safe from any thread; never blocks.
 */
final class CallSignals {

  /** Who says it, on which socket. */
  record Sender(String user, String socketId) {}

  private record Said(CallSignal signal, CallPayload.Good payload, Sender sender, long at) {

    String reason() {
      String given = payload.reason();
      return given == null ? signal.reason() : given;
    }
  }

  private final CallDirectory directory;
  private final Emitter emitter;
  private final Webhook webhook;
  private final int holdSeconds;
  private final RelayMetrics metrics;
  private final InstantSource clock;

  CallSignals(
      CallDirectory directory,
      Emitter emitter,
      Webhook webhook,
      int holdSeconds,
      RelayMetrics metrics,
      InstantSource clock) {
    this.directory = directory;
    this.emitter = emitter;
    this.webhook = webhook;
    this.holdSeconds = holdSeconds;
    this.metrics = metrics;
    this.clock = clock;
  }

  /** Passes the signal on; empty if the call is not known. */
  CompletionStage<Optional<ClientReply>> signal(CallSignal signal, Sender sender, RawJson data) {
    return switch (CallPayload.of(data)) {
      case CallPayload.Bad(var written, String message) ->
          CompletableFuture.completedStage(
              Optional.of(
                  refused(signal, ClientReply.refused(written, "invalid", message), "invalid")));
      case CallPayload.Good payload ->
          directory
              .signal(payload.callId(), signal, sender.user())
              .thenCompose(
                  signalled ->
                      answer(new Said(signal, payload, sender, clock.millis()), signalled));
    };
  }

  /** The refusal of a signal to a call that nobody knows. */
  static ClientReply unknown(RawJson data) {
    JsonNode written =
        CallPayload.of(data) instanceof CallPayload.Good good ? good.written() : null;
    return ClientReply.refused(written, "unknown_call", "There is no such call.");
  }

  private CompletionStage<Optional<ClientReply>> answer(Said said, Signalled signalled) {
    return switch (signalled) {
      case Signalled.Moved(Call call) -> pass(said, call).thenApply(Optional::of);
      case Signalled.Refused(String code, String message) -> refuse(said, code, message);
      case Signalled.Unavailable _ ->
          refuse(said, "unavailable", "The calls cannot be reached now; try again.");
      case Signalled.Unknown _ -> CompletableFuture.completedStage(Optional.empty());
    };
  }

  private CompletionStage<Optional<ClientReply>> refuse(Said said, String code, String message) {
    ClientReply reply = ClientReply.refused(said.payload.written(), code, message);
    return CompletableFuture.completedStage(Optional.of(refused(said.signal, reply, code)));
  }

  private ClientReply refused(CallSignal signal, ClientReply reply, String code) {
    metrics.callSignal(signal.leadsTo().lowerCase(), code);
    return reply;
  }

  private CompletionStage<ClientReply> pass(Said said, Call call) {
    String user = said.sender.user();
    ObjectNode heard = callId(said).put("reason", said.reason()).put("timestamp", said.at);
    Terms held = new Terms(holdSeconds, 0, holdSeconds == 0 ? null : "call:" + call.id(), null);
    CompletableFuture<Emission> emission =
        emitter.emit(event(said.signal.heardAs(), heard, call.other(user), held, said.at));

    ObjectNode handled =
        callId(said).put("status", call.state().lowerCase()).put("timestamp", said.at);
    Terms others = new Terms(0, 0, null, said.sender.socketId());
    emitter.emit(event("call:handled", handled, user, others, said.at));

    return emission.handle(
        (emitted, failure) -> {
          webhook.tell(Notice.ofCall(call.id(), said.at, forLaravel(said, call, emitted)));
          return reply(said, emitted);
        });
  }

  private static EmitRequest event(
      String name, ObjectNode data, String user, Terms terms, long at) {
    Target target = new Target.User(user);
    Event event = new Event(EventIds.next(), name, RawJson.of(data.toString()), target, terms, at);
    return new EmitRequest(event, false, 0);
  }

  private ClientReply reply(Said said, Emission emission) {
    if (!(emission instanceof Emission.Accepted accepted)) {
      String message = "The other party cannot be told now; Laravel will be.";
      return refused(
          said.signal,
          ClientReply.refused(said.payload.written(), "unavailable", message),
          "unavailable");
    }
    metrics.callSignal(said.signal.leadsTo().lowerCase(), accepted.verdict().lowerCase());
    ObjectNode ack =
        JsonMapper.shared()
            .createObjectNode()
            .put("ok", true)
            .put("id", accepted.id())
            .put("verdict", accepted.verdict().lowerCase())
            .put("delivered", accepted.verdict().delivered())
            .put("sessions", accepted.sessions());
    if (accepted.heldUntil() > 0) {
      ack.put("held_until", accepted.heldUntil());
    }
    return new ClientReply.Done(RawJson.of(ack.toString()));
  }

  private static ObjectNode callId(Said said) {
    ObjectNode node = JsonMapper.shared().createObjectNode();
    node.set("callId", said.payload.written());
    return node;
  }

  private static RawJson forLaravel(Said said, Call call, Emission emission) {
    ObjectNode data =
        JsonMapper.shared()
            .createObjectNode()
            .put("callId", call.id())
            .put("status", call.state().lowerCase())
            .put("user", said.sender.user())
            .put("caller", call.caller())
            .put("receiver", call.receiver())
            .put("reason", said.reason())
            .put("timestamp", said.at);
    if (emission instanceof Emission.Accepted accepted) {
      data.put("verdict", accepted.verdict().lowerCase());
      data.put("delivered", accepted.verdict().delivered());
    }
    return RawJson.of(data.toString());
  }
}
