package dev.laravelrelay;

import dev.laravelrelay.Main.Terminal;
import dev.laravelrelay.config.ConfigReader;
import dev.laravelrelay.config.Secret;
import dev.laravelrelay.config.Setting;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.databind.util.RawValue;

/** {@code emit}: does what Laravel does, and prints what the relay answers. */
@Command(
    name = "emit",
    description = {
      "Sends an event to a running relay and prints its answer.",
      "Exit code: 0 delivered or held, 1 not. The key is the first of RELAY_API_KEYS."
    },
    sortOptions = false,
    mixinStandardHelpOptions = true,
    versionProvider = Commands.Version.class)
final class EmitCommand implements Callable<Integer> {

  private static final Duration PATIENCE = Duration.ofSeconds(15);
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

  private final Terminal terminal;

  @ArgGroup(multiplicity = "1")
  private Target target = new Target();

  static final class Target {

    @Option(names = "--user", paramLabel = "<id>", description = "To this user.")
    @Nullable String user;

    @Option(names = "--users", paramLabel = "<id,id>", split = ",", description = "To these users.")
    @Nullable List<String> users;

    @Option(names = "--channel", paramLabel = "<name>", description = "To this channel.")
    @Nullable String channel;

    @Option(names = "--everyone", description = "To every client.")
    boolean everyone;
  }

  @Option(names = "--event", paramLabel = "<name>", required = true, description = "Its name.")
  private String event = "";

  @Option(
      names = "--data",
      paramLabel = "<json>",
      defaultValue = "{}",
      description = "Its data, default ${DEFAULT-VALUE}.")
  private String data = "";

  @Option(
      names = "--hold",
      paramLabel = "<seconds>",
      description = "Keeps it so long for a user who is away.")
  private @Nullable Integer hold;

  @Option(
      names = "--confirm",
      paramLabel = "<ms>",
      description = "Waits so long for proof that it was received.")
  private @Nullable Integer confirm;

  @Option(
      names = "--collapse-key",
      paramLabel = "<key>",
      description = "Replaces the user's held events of this key.")
  private @Nullable String collapseKey;

  @Option(
      names = "--url",
      paramLabel = "<url>",
      defaultValue = "http://127.0.0.1:6002",
      description = "The relay's private door, default ${DEFAULT-VALUE}.")
  private URI url = URI.create("");

  @Option(names = "--dev", description = "Uses the key dev-key unless RELAY_API_KEYS is set.")
  private boolean dev;

  EmitCommand(Terminal terminal) {
    this.terminal = terminal;
  }

  @Override
  public Integer call() throws InterruptedException {
    List<Secret> keys = ConfigReader.secrets(Setting.API_KEYS, terminal.environment(), dev);
    if (keys.isEmpty()) {
      return wrongUse("RELAY_API_KEYS is missing; for a relay in development use --dev.");
    }
    if (url.getHost() == null || !String.valueOf(url.getScheme()).matches("https?")) {
      return wrongUse("--url must be a URL like http://127.0.0.1:6002.");
    }
    if (!isJson(data)) {
      return wrongUse("--data is not valid JSON.");
    }
    HttpRequest request =
        HttpRequest.newBuilder(url.resolve("/api/emit"))
            .header("Authorization", "Bearer " + keys.getFirst().reveal())
            .header("Content-Type", "application/json")
            .timeout(PATIENCE.plusMillis(confirm == null ? 0 : confirm))
            .POST(BodyPublishers.ofString(JSON.writeValueAsString(body())))
            .build();
    return send(request);
  }

  private int send(HttpRequest request) throws InterruptedException {
    try (HttpClient client = HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build()) {
      HttpResponse<String> response = client.send(request, BodyHandlers.ofString());
      terminal.out().println(response.body());
      return response.statusCode() == 200 && hasArrived(response.body()) ? 0 : 1;
    } catch (IOException e) {
      terminal.err().println("No relay answers at " + url + ".");
      return 1;
    }
  }

  private ObjectNode body() {
    ObjectNode body = JSON.createObjectNode();
    if (target.user != null) {
      body.put("user", target.user);
    }
    if (target.users != null) {
      target.users.forEach(body.putArray("users")::add);
    }
    if (target.channel != null) {
      body.put("channel", target.channel);
    }
    if (target.everyone) {
      body.put("everyone", true);
    }
    body.put("event", event).putRawValue("data", new RawValue(data));
    if (hold != null) {
      body.put("hold", hold);
    }
    if (confirm != null) {
      body.put("confirm", confirm);
    }
    if (collapseKey != null) {
      body.put("collapse_key", collapseKey);
    }
    return body;
  }

  private int wrongUse(String sentence) {
    terminal.err().println(sentence);
    return Main.WRONG_USE;
  }

  private static boolean hasArrived(String body) {
    try {
      JsonNode reply = JSON.readTree(body);
      return reply.path("delivered").asBoolean(false)
          || reply.path("verdict").asString("").equals("held");
    } catch (JacksonException e) {
      return false;
    }
  }

  private static boolean isJson(String text) {
    try {
      return !JSON.readTree(text).isMissingNode();
    } catch (JacksonException e) {
      return false;
    }
  }
}
