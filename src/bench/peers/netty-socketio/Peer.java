import com.corundumstudio.socketio.AuthTokenResult;
import com.corundumstudio.socketio.Configuration;
import com.corundumstudio.socketio.SocketIOClient;
import com.corundumstudio.socketio.SocketIOServer;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.javalin.Javalin;
import io.javalin.http.Context;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** netty-socketio, and an HTTP endpoint (Javalin) that looks the user up and emits. */
public final class Peer {

  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String SECRET = System.getenv("SECRET");
  private static final String BEARER = "Bearer " + System.getenv("KEY");

  private final Map<String, SocketIOClient> users = new ConcurrentHashMap<>();
  private final SocketIOServer sockets;

  private Peer(int port) {
    Configuration configuration = new Configuration();
    configuration.setHostname("127.0.0.1");
    configuration.setPort(port);
    configuration.setUseLinuxNativeEpoll(true);
    configuration.setWebsocketCompression(false);
    configuration.getSocketConfig().setTcpNoDelay(true);
    configuration.getSocketConfig().setAcceptBackLog(4_096);
    sockets = new SocketIOServer(configuration);
    sockets.getNamespace("").addAuthTokenListener(this::admit);
  }

  public static void main(String[] ports) {
    Peer peer = new Peer(Integer.parseInt(ports[0]));
    peer.sockets.start();
    Javalin.create(
            config -> {
              config.startup.showJavalinBanner = false;
              config.routes.get("/health/ready", ctx -> ctx.result("ready"));
              config.routes.post("/api/emit", peer::emit);
            })
        .start("127.0.0.1", Integer.parseInt(ports[1]));
  }

  private AuthTokenResult admit(Object auth, SocketIOClient client) {
    try {
      String[] parts = ((Map<?, ?>) auth).get("token").toString().split("\\.");
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(SECRET.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
      byte[] expected = mac.doFinal((parts[0] + "." + parts[1]).getBytes(StandardCharsets.UTF_8));
      Map<?, ?> claims = JSON.readValue(Base64.getUrlDecoder().decode(parts[1]), Map.class);
      boolean current =
          ((Number) claims.get("exp")).longValue() > System.currentTimeMillis() / 1_000;
      if (current && MessageDigest.isEqual(expected, Base64.getUrlDecoder().decode(parts[2]))) {
        users.put(claims.get("sub").toString(), client);
        return AuthTokenResult.AuthTokenResultSuccess;
      }
    } catch (GeneralSecurityException | java.io.IOException | RuntimeException refused) {
      return new AuthTokenResult(false, "unauthorized");
    }
    return new AuthTokenResult(false, "unauthorized");
  }

  private void emit(Context ctx) throws java.io.IOException {
    if (!BEARER.equals(ctx.header("Authorization"))) {
      ctx.status(401);
      return;
    }
    Map<?, ?> body = JSON.readValue(ctx.bodyAsBytes(), Map.class);
    String event = body.get("event").toString();
    Object data = body.get("data");
    int sessions = 1;
    if (body.containsKey("everyone")) {
      sockets.getBroadcastOperations().sendEvent(event, data);
      sessions = users.size();
    } else {
      SocketIOClient client = users.get(body.get("user").toString());
      if (client == null) {
        sessions = 0;
      } else {
        client.sendEvent(event, data);
      }
    }
    String json = "{\"delivered\":%s,\"sessions\":%d}".formatted(sessions > 0, sessions);
    ctx.contentType("application/json").result(json);
  }
}
