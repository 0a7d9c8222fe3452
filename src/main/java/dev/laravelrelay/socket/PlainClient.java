package dev.laravelrelay.socket;

import dev.laravelrelay.call.ClientReply;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.protocol.PlainJson;
import java.util.List;
import tools.jackson.databind.json.JsonMapper;

/**
 * A client of the relay that speaks plain JSON. It may send {@code subscribe}, {@code unsubscribe}
 * and {@code auth}; an event of the relay's says what became of it.
 */
final class PlainClient implements PlainApplication.Listener {

  private final PlainConnection connection;
  private final Client client;

  PlainClient(PlainConnection connection, Client client) {
    this.connection = connection;
    this.client = client;
  }

  void expireAt(long expiresAt) {
    client.expireAt(expiresAt);
  }

  @Override
  public void message(PlainJson.Message message) {
    switch (message) {
      case PlainJson.Subscribe(String channel) ->
          client
              .subscribe(channel)
              .thenAcceptAsync(
                  answer -> reply(answer.ok() ? "subscribed" : "subscription_error", answer),
                  connection.loop());
      case PlainJson.Unsubscribe(String channel) ->
          reply("unsubscribed", client.unsubscribe(channel));
      case PlainJson.Event(String name, RawJson data) when name.equals("auth") -> renew(data);
      case PlainJson.Malformed(String reason) ->
          connection.send(
              "error",
              RawJson.of(
                  JsonMapper.shared()
                      .createObjectNode()
                      .put("code", 422)
                      .put("message", reason)
                      .toString()));
      case PlainJson.Event(String name, RawJson data) ->
          client.event(name, List.of(data), this::answer);
      case PlainJson.Ping _ -> throw new IllegalStateException("pings are answered below");
    }
  }

  private void renew(RawJson data) {
    client
        .renew(RelaySockets.text(data, "token"))
        .thenAcceptAsync(
            answer -> reply(answer.ok() ? "auth_renewed" : "auth_error", answer),
            connection.loop());
  }

  private void answer(ClientReply reply) {
    if (reply instanceof ClientReply.Refused(RawJson error, RawJson _)) {
      connection.send("call:error", error);
    }
  }

  private void reply(String event, Client.Answer answer) {
    connection.send(event, RawJson.of(answer.body().toString()));
  }

  @Override
  public void disconnected(String reason) {
    client.ended(reason);
  }
}
