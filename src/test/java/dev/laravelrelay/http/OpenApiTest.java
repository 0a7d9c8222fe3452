package dev.laravelrelay.http;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
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
    assertEquals(8, tried.size(), tried::toString);
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
  void theLimitsInTheFileAreThoseOfTheCode() {
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
