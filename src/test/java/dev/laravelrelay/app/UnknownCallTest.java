package dev.laravelrelay.app;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.laravelrelay.testing.StockClient;
import dev.laravelrelay.testing.StockClient.Transports;
import dev.laravelrelay.testing.TestRelay;
import org.json.JSONObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Without a webhook nobody can know of a call that the relay does not know. */
@Timeout(60)
class UnknownCallTest {

  @Test
  void itsSenderHearsAnError() throws Exception {
    try (TestRelay relay = TestRelay.start();
        StockClient phone =
            new StockClient(relay.socketUrl(), Transports.WEBSOCKET, "1", "call:error").connect()) {
      phone.socket().emit("call:end", new JSONObject().put("callId", "c-1"));
      JSONObject error = (JSONObject) phone.await("call:error", 1).getFirst().args().getFirst();
      assertEquals("unknown_call", error.getString("code"));
      assertEquals("c-1", error.getString("callId"));
      assertEquals(404, relay.get("/api/calls/c-1").statusCode());
    }
  }
}
