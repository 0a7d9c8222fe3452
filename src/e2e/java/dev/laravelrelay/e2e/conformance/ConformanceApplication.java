package dev.laravelrelay.e2e.conformance;

import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.session.SocketIds;
import dev.laravelrelay.socket.SocketIoApplication;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

/** Two namespaces, whose sockets answer as {@link ConformanceSocket} does. Safe from any thread. */
final class ConformanceApplication implements SocketIoApplication {

  private static final Set<String> NAMESPACES = Set.of("/", "/custom");
  private static final RawJson EXPIRED = RawJson.of("{\"code\":401,\"reason\":\"expired\"}");
  private static final int REMEMBERED_REASONS = 10_000;

  private final Set<ConformanceSocket> sockets = ConcurrentHashMap.newKeySet();

  private final Map<String, String> leaveReasons =
      Collections.synchronizedMap(
          new LinkedHashMap<>() {
            @Override
            protected boolean removeEldestEntry(Map.Entry<String, String> eldest) {
              return size() > REMEMBERED_REASONS;
            }
          });

  @Override
  public CompletionStage<Admission> connect(Request request) {
    return CompletableFuture.completedStage(admission(request));
  }

  private Admission admission(Request request) {
    if (!NAMESPACES.contains(request.namespace())) {
      return new Admission.Refused("Invalid namespace", null);
    }
    RawJson auth = request.auth() == null ? RawJson.EMPTY_OBJECT : request.auth();
    JsonNode token = JsonMapper.shared().readTree(auth.toBytes()).path("token");
    if ("bad".equals(token.asString("")) || "bad".equals(request.handshake().query("token"))) {
      return new Admission.Refused("unauthorized", EXPIRED);
    }
    return new Admission.Admitted(
        SocketIds.next(), null, socket -> new ConformanceSocket(this, socket, auth));
  }

  void joined(ConformanceSocket socket) {
    sockets.add(socket);
  }

  void left(ConformanceSocket socket, String reason) {
    sockets.remove(socket);
    leaveReasons.put(socket.id(), reason);
  }

  /** Why the socket with this id left; null if it has not, or long ago. */
  @Nullable String leaveReason(String id) {
    return leaveReasons.get(id);
  }

  /** Emits to every socket that is chosen, each on its own loop. */
  void emit(Predicate<ConformanceSocket> chosen, String name, Broadcast broadcast) {
    sockets.stream().filter(chosen).forEach(socket -> socket.emitLater(name, broadcast));
  }
}
