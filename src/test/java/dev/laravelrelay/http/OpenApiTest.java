package dev.laravelrelay.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue;
import dev.laravelrelay.event.CallTerms;
import dev.laravelrelay.event.EmitLimits;
import dev.laravelrelay.event.Event;
import dev.laravelrelay.event.EventName;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.event.Target;
import dev.laravelrelay.event.Terms;
import dev.laravelrelay.testing.BadBody;
import dev.laravelrelay.testing.TestApi;
import java.io.IOException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/** Holds {@code openapi.yaml} and the server together, in both directions. */
@Timeout(60)
class OpenApiTest {

  private static final JsonMapper JSON = new JsonMapper();
  private static final JsonNode spec = new YAMLMapper().readTree(Path.of("openapi.yaml").toFile());
  private static final SchemaRegistry schemas =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12);
  private static final TestApi api = new TestApi();

  @AfterAll
  static void stop() {
    api.close();
  }

  private static JsonNode schemaOf(JsonNode media) {
    return media.path("schema");
  }

  private static List<String> violations(JsonNode schema, JsonNode value) {
    ObjectNode root = JSON.createObjectNode();
    root.set("components", spec.path("components"));
    root.set("allOf", JSON.createArrayNode().add(schema));
    return schemas.getSchema(root).validate(value).stream().map(Object::toString).toList();
  }

  private static void assertValid(JsonNode schema, JsonNode value, String where) {
    assertFalse(schema.isMissingNode(), where);
    assertEquals(List.of(), violations(schema, value), () -> where + ": " + value);
  }

  private static JsonNode resolved(JsonNode node) {
    String ref = node.path("$ref").asString("");
    return ref.isEmpty() ? node : spec.at(ref.substring(1));
  }

  private static JsonNode response(String method, String path, int status) {
    return resolved(
        spec.path("paths")
            .path(path)
            .path(method)
            .path("responses")
            .path(Integer.toString(status)));
  }

  /** The answer must be one that the file describes for this route. */
  private static void assertDescribed(String method, String path, HttpResponse<String> answer) {
    String where = method + " " + path + " " + answer.statusCode();
    JsonNode content = response(method, path, answer.statusCode()).path("content");
    String type = answer.headers().firstValue("Content-Type").orElse("").split(";", 2)[0];
    assertTrue(content.has(type), () -> where + " as " + type + " is not described");
    if (type.equals("application/json")) {
      assertValid(schemaOf(content.path(type)), JSON.readTree(answer.body()), where);
    }
  }

  private static void forEachExample(JsonNode media, BiConsumer<String, JsonNode> check) {
    media
        .path("examples")
        .properties()
        .forEach(e -> check.accept(e.getKey(), e.getValue().path("value")));
  }

  @Test
  void theFileAndTheServerHaveTheSameRoutes() {
    Set<String> described = new TreeSet<>();
    spec.path("paths")
        .properties()
        .forEach(
            path ->
                path.getValue()
                    .propertyNames()
                    .forEach(
                        method ->
                            described.add(method.toUpperCase(Locale.ROOT) + " " + path.getKey())));
    assertEquals(described, api.server.routes());
  }

  @Test
  void everyRequestExampleIsValidAndAccepted() throws Exception {
    List<String> tried = new ArrayList<>();
    for (String path : List.of("/api/emit", "/api/emit/batch")) {
      JsonNode media =
          spec.path("paths")
              .path(path)
              .path("post")
              .path("requestBody")
              .path("content")
              .path("application/json");
      forEachExample(
          media,
          (name, example) -> {
            tried.add(name);
            assertValid(schemaOf(media), example, path + " " + name);
            HttpResponse<String> answer = post(path, example.toString());
            assertEquals(200, answer.statusCode(), () -> name + ": " + answer.body());
            assertDescribed("post", path, answer);
          });
    }
    assertEquals(9, tried.size(), tried::toString);
  }

  private static HttpResponse<String> post(String path, String body) {
    try {
      return api.post(path, body.getBytes(UTF_8));
    } catch (IOException | InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  @Test
  void everyResponseExampleIsValid() {
    List<JsonNode> contents = new ArrayList<>();
    spec.path("components").path("responses").forEach(one -> contents.add(one.path("content")));
    spec.path("paths")
        .forEach(
            path ->
                path.forEach(
                    method ->
                        method
                            .path("responses")
                            .forEach(one -> contents.add(resolved(one).path("content")))));
    List<String> tried = new ArrayList<>();
    contents.forEach(
        content ->
            content
                .properties()
                .forEach(
                    media ->
                        forEachExample(
                            media.getValue(),
                            (name, example) -> {
                              tried.add(name);
                              assertValid(schemaOf(media.getValue()), example, name);
                            })));
    assertTrue(tried.size() > 20, tried::toString);
  }

  @ParameterizedTest
  @MethodSource("dev.laravelrelay.testing.BadBody#all")
  void everyRefusalIsDescribed(BadBody bad) throws Exception {
    assertDescribed("post", "/api/emit", api.post("/api/emit", bad.body()));
    assertDescribed(
        "post",
        "/api/emit/batch",
        api.post("/api/emit/batch", ("[" + "{\"usr\":1}" + "]").getBytes(UTF_8)));
  }

  @Test
  void everyOtherAnswerIsDescribed() throws Exception {
    for (String path :
        List.of("/health", "/health/live", "/health/ready", "/metrics", "/docs", "/openapi.yaml")) {
      assertDescribed("get", path, api.get(path));
    }
    assertDescribed("get", "/api/users/{id}", api.get("/api/users/42"));
    Terms terms = new Terms(9, 0, null, null);
    api.held.hold(
        "43",
        new Event(
            "e", "a", RawJson.of("{}"), new Target.User("43"), terms, System.currentTimeMillis()));
    HttpResponse<String> held = api.get("/api/users/43/held");
    assertEquals(1, JSON.readTree(held.body()).path("events").size(), held::body);
    assertDescribed("get", "/api/users/{id}/held", held);
    assertDescribed(
        "delete", "/api/users/{id}/held", api.send(api.request("/api/users/43/held").DELETE()));
    assertDescribed(
        "delete",
        "/api/users/{id}/sessions",
        api.send(api.request("/api/users/43/sessions?except=1.2").DELETE()));
    assertDescribed("get", "/metrics", api.send(HttpRequest.newBuilder(api.uri("/metrics"))));
    assertDescribed(
        "post",
        "/api/emit",
        api.send(api.request("/api/emit").POST(BodyPublishers.ofString("a=b"))));
    assertDescribed("post", "/api/emit", post("/api/emit", " ".repeat(TestApi.MAX_EMIT + 1)));
    assertDescribed(
        "post",
        "/api/emit",
        post("/api/emit", "{\"users\":[1,2],\"event\":\"a\",\"hold\":9,\"id\":\"open\"}"));
    assertDescribed(
        "post",
        "/api/emit",
        post("/api/emit", "{\"users\":[1,2],\"event\":\"a\",\"hold\":9,\"id\":\"open\"}"));
    assertDescribed(
        "post", "/api/emit", post("/api/emit", "{\"user\":1,\"event\":\"a\",\"id\":\"open\"}"));
    api.readiness.require("open", () -> "It is not.");
    assertDescribed("get", "/health", api.get("/health"));
    assertDescribed("get", "/health/ready", api.get("/health/ready"));
  }

  @Test
  void everyAnswerOnCallsIsDescribed() throws Exception {
    String path = "/api/calls/{callId}";
    JsonNode media = spec.at("/paths/~1api~1calls~1{callId}/put/requestBody/content");
    forEachExample(
        media.path("application/json"),
        (name, example) -> assertValid(schemaOf(media.path("application/json")), example, name));
    List<Integer> statuses = new ArrayList<>();
    for (String body :
        List.of(
            "{\"caller\":1,\"receiver\":\"2\"}",
            "{\"caller\":1,\"receiver\":2,\"ttl\":86400,\"id\":\"c-9\"}",
            "{\"caller\":2,\"receiver\":1}",
            "{\"caller\":2,\"receiver\":2,\"ttl\":0,\"usr\":1,\"id\":\"other\"}",
            "{\"caller\":2}",
            "[]",
            "{")) {
      HttpResponse<String> answer = put("/api/calls/c-9", body);
      statuses.add(answer.statusCode());
      assertDescribed("put", path, answer);
    }
    assertEquals(List.of(201, 200, 409, 422, 422, 422, 400), statuses);
    HttpResponse<String> taken =
        post(
            "/api/emit",
            "{\"user\":1,\"event\":\"a\",\"call\":{\"id\":\"c-9\",\"caller\":3,\"receiver\":4}}");
    assertEquals(409, taken.statusCode());
    assertDescribed("post", "/api/emit", taken);

    assertDescribed("get", path, api.get("/api/calls/c-9"));
    HttpRequest.Builder delete = api.request("/api/calls/c-9").DELETE();
    for (int status : new int[] {200, 404}) {
      HttpResponse<String> answer = api.send(delete);
      assertEquals(status, answer.statusCode());
      assertDescribed("delete", path, answer);
    }
    assertDescribed("get", path, api.get("/api/calls/c-9"));
  }

  private static HttpResponse<String> put(String path, String body) throws Exception {
    return api.send(
        api.request(path)
            .header("Content-Type", "application/json")
            .PUT(BodyPublishers.ofString(body)));
  }

  @Test
  void everyAnswerOnWebhooksIsDescribed() throws Exception {
    for (String id : List.of("one", "two", "three")) {
      Notice notice = new Notice(id, Notice.Kind.CALL, id, 1, RawJson.EMPTY_OBJECT);
      api.webhooks.add(notice, true);
      api.webhooks.died(api.webhooks.claim(notice), "Laravel answers 500");
    }
    HttpResponse<String> dead = api.get("/api/webhooks/dead");
    assertDescribed("get", "/api/webhooks/dead", dead);
    assertEquals(3, JSON.readTree(dead.body()).path("dead").size());

    String one = "/api/webhooks/dead/{id}/retry";
    assertDescribed("post", one, retry("/api/webhooks/dead/two/retry", 200));
    assertDescribed("post", one, retry("/api/webhooks/dead/two/retry", 404));
    HttpResponse<String> all = retry("/api/webhooks/dead/retry", 200);
    assertDescribed("post", "/api/webhooks/dead/retry", all);
    assertEquals(2, JSON.readTree(all.body()).path("queued").asInt());
    assertEquals(3, api.webhooks.size());
  }

  private static HttpResponse<String> retry(String path, int status) throws Exception {
    HttpResponse<String> answer = api.send(api.request(path).POST(BodyPublishers.noBody()));
    assertEquals(status, answer.statusCode());
    return answer;
  }

  @Test
  void theLimitsInTheFileAreThoseOfTheCode() {
    JsonNode call = spec.at("/components/schemas/CallTerms/properties");
    assertEquals(CallTerms.MAX_TTL, call.at("/ttl/maximum").asInt());
    assertEquals(CallTerms.DEFAULT_TTL, call.at("/ttl/default").asInt());
    assertEquals(
        WebhookQueue.MAX_DEAD,
        spec.at("/components/schemas/DeadWebhooks/properties/dead/maxItems").asInt());
    JsonNode emit = spec.at("/components/schemas/Emit/properties");
    assertEquals(EmitLimits.MAX_USERS, emit.at("/users/maxItems").asInt());
    assertEquals(EmitLimits.MAX_CHANNELS, emit.at("/channels/maxItems").asInt());
    assertEquals(EmitLimits.MAX_HOLD, emit.at("/hold/maximum").asInt());
    assertEquals(EmitLimits.MAX_CONFIRM, emit.at("/confirm/maximum").asInt());
    assertEquals(EmitLimits.MAX_TEXT, emit.at("/id/maxLength").asInt());
    assertEquals(EventName.MAX_LENGTH, emit.at("/event/maxLength").asInt());
    emit.at("/event/not/enum").forEach(name -> assertTrue(EventName.isReserved(name.asString())));
    assertTrue(
        emit.at("/data/description")
            .asString()
            .contains("most " + EmitLimits.MAX_DEPTH + " levels"));
    assertEquals(EmitLimits.MAX_TEXT, spec.at("/components/schemas/Text/maxLength").asInt());
    assertEquals(EmitLimits.MAX_BATCH, spec.at("/components/schemas/Emits/maxItems").asInt());
    assertEquals(
        EmitLimits.MAX_BATCH,
        spec.at("/components/schemas/BatchReply/properties/results/maxItems").asInt());
    assertEquals(
        EmitLimits.MAX_PROBLEMS,
        spec.at("/components/schemas/Error/properties/errors/maxProperties").asInt());
    assertEquals(
        EmitLimits.MAX_TEXT,
        spec.at("/components/parameters/IdempotencyKey/schema/maxLength").asInt());
  }

  @Test
  void thePageNeedsNothingElse() throws Exception {
    String page = api.get("/docs").body();
    assertTrue(page.contains("<b id=\"/api/emit\">"), page);
    assertFalse(page.contains("<script") || page.contains("src=") || page.contains("<link"), page);
  }
}
