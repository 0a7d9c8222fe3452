package dev.laravelrelay.e2e;

import io.socket.client.Ack;
import io.socket.client.IO;
import io.socket.client.Manager;
import io.socket.client.Socket;
import io.socket.engineio.client.EngineIOException;
import io.socket.engineio.client.Transport;
import java.lang.reflect.Field;
import java.net.URI;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.json.JSONArray;
import org.json.JSONException;
import org.json.JSONObject;
import org.json.JSONTokener;

/**
 * {@code io.socket:socket.io-client}, with its defaults. Loaded once for each OkHttp version by
 * {@link PhoneKind}, which is why it is public and names only {@link Phone}'s types to the outside.
 */
public final class StockPhone implements Phone {

  private final Socket socket;
  private final CopyOnWriteArrayList<Heard> heard = new CopyOnWriteArrayList<>();

  public StockPhone(
      String url, List<String> transports, Map<String, String> auth, List<String> events) {
    IO.Options options = new IO.Options();
    options.forceNew = true;
    options.transports = transports.toArray(String[]::new);
    options.auth = auth;
    socket = IO.socket(URI.create(url), options);
    listen(Socket.EVENT_CONNECT);
    listen(Socket.EVENT_DISCONNECT);
    listen(Socket.EVENT_CONNECT_ERROR);
    events.forEach(this::listen);
  }

  private void listen(String event) {
    socket.on(
        event,
        args -> {
          long nanos = System.nanoTime();
          long micros = ChronoUnit.MICROS.between(Instant.EPOCH, Instant.now());
          List<Object> given = Arrays.asList(args);
          heard.add(
              new Heard(
                  event,
                  given.stream().map(StockPhone::json).toList(),
                  given.stream().map(StockPhone::type).toList(),
                  nanos,
                  micros));
        });
  }

  private static String json(Object value) {
    if (value instanceof EngineIOException failure) {
      return JSONObject.quote(failure.getMessage() + ": " + failure.getCause());
    }
    try {
      return JSONObject.valueToString(value);
    } catch (JSONException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String type(Object value) {
    return value == null ? "null" : value.getClass().getSimpleName();
  }

  @Override
  public void connect() {
    socket.connect();
  }

  @Override
  public boolean connected() {
    return socket.connected();
  }

  @Override
  public String id() {
    String id = socket.id();
    return id == null ? "" : id;
  }

  @Override
  public String transport() {
    try {
      Object engine = field(Manager.class, "engine").get(socket.io());
      if (engine == null) {
        return "";
      }
      Object transport = field(io.socket.engineio.client.Socket.class, "transport").get(engine);
      return transport == null ? "" : ((Transport) transport).name;
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The client shows its transport to nobody; a test of the upgrade has to look. */
  private static Field field(Class<?> type, String name) throws NoSuchFieldException {
    Field field = type.getDeclaredField(name);
    field.setAccessible(true);
    return field;
  }

  @Override
  public List<Heard> heard() {
    return List.copyOf(heard);
  }

  @Override
  public void tell(String event, String json) {
    socket.emit(event, value(json));
  }

  @Override
  public CompletableFuture<String> ask(String event, String json) {
    CompletableFuture<String> answer = new CompletableFuture<>();
    socket.emit(
        event,
        new Object[] {value(json)},
        (Ack) args -> answer.complete(new JSONArray(Arrays.asList(args)).toString()));
    return answer;
  }

  private static Object value(String json) {
    try {
      return new JSONTokener(json).nextValue();
    } catch (JSONException e) {
      throw new IllegalArgumentException(e);
    }
  }

  @Override
  public void close() {
    socket.close();
  }
}
