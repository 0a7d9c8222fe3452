package dev.laravelrelay.socket;

import dev.laravelrelay.call.ClientReply;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.SocketIo;
import dev.laravelrelay.socket.SocketIoApplication.Acknowledgement;
import java.util.List;

/**
 * A client of the relay that speaks Socket.IO. It may emit {@code subscribe} and {@code
 * unsubscribe} with {@code {channel}}, and {@code auth} with {@code {token}}; the acknowledgement
 * or an event of the relay's says what became of it. Its other events are what {@link
 * dev.laravelrelay.call.ClientEvents} makes of them.
 */
final class SocketIoClient implements SocketIoApplication.Listener {

  private final SocketIoSocket socket;
  private final Client client;

  SocketIoClient(SocketIoSocket socket, Client client) {
    this.socket = socket;
    this.client = client;
  }

  void expireAt(long expiresAt) {
    client.expireAt(expiresAt);
  }

  @Override
  public void event(SocketIo.Event event, Acknowledgement acknowledgement) {
    switch (event.name()) {
      case "subscribe" ->
          client
              .subscribe(argument(event, "channel"))
              .thenAcceptAsync(
                  answer -> {
                    String name = answer.ok() ? "subscribed" : "subscription_error";
                    reply(name, answer, acknowledgement);
                  },
                  client.session().loop());
      case "unsubscribe" ->
          reply("unsubscribed", client.unsubscribe(argument(event, "channel")), acknowledgement);
      case "auth" ->
          client
              .renew(argument(event, "token"))
              .thenAcceptAsync(
                  answer ->
                      reply(answer.ok() ? "auth_renewed" : "auth_error", answer, acknowledgement),
                  client.session().loop());
      default -> other(event, acknowledgement);
    }
  }

  /** What is not JSON alone is for nobody. */
  private void other(SocketIo.Event event, Acknowledgement acknowledgement) {
    if (event.attachments().isEmpty()) {
      client.event(event.name(), event.args(), reply -> answer(reply, acknowledgement));
    } else {
      client.ignored();
    }
  }

  private void answer(ClientReply reply, Acknowledgement acknowledgement) {
    switch (reply) {
      case ClientReply.Ignored _ -> {}
      case ClientReply.Done(RawJson ack) -> acknowledgement.send(ack);
      case ClientReply.Refused(RawJson error, RawJson ack) -> {
        if (acknowledgement.isWanted()) {
          acknowledgement.send(ack);
        } else if (socket.isOpen()) {
          socket.emit("call:error", List.of(error), List.of());
        }
      }
    }
  }

  private void reply(String name, Client.Answer answer, Acknowledgement acknowledgement) {
    RawJson body = RawJson.of(answer.body().toString());
    if (acknowledgement.isWanted()) {
      acknowledgement.send(body);
    } else if (socket.isOpen()) {
      socket.emit(name, List.of(body), List.of());
    }
  }

  /** A string field of the event's first argument; empty if there is none. */
  private static String argument(SocketIo.Event event, String field) {
    return event.args().isEmpty() ? "" : RelaySockets.text(event.args().getFirst(), field);
  }

  @Override
  public void disconnected(String reason) {
    client.ended(reason);
  }
}
