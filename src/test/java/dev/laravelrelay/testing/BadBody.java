package dev.laravelrelay.testing;

import java.io.ByteArrayOutputStream;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A body that no emit can be made of.
 *
 * @param field what the refusal must name; empty if the body is not even JSON
 */
public record BadBody(String name, byte[] body, String field) {

  @Override
  public String toString() {
    return name;
  }

  /** 400 if it is not JSON, else 422. */
  public int status() {
    return field.isEmpty() ? 400 : 422;
  }

  /** Every kind that we know. */
  public static List<BadBody> all() {
    List<BadBody> all = new ArrayList<>();
    notJson(all);
    shape(all);
    targets(all);
    terms(all);
    data(all);
    return all;
  }

  private static void notJson(List<BadBody> all) {
    all.add(new BadBody("empty", new byte[0], ""));
    all.add(bad("blank", " \n", ""));
    all.add(bad("words", "hello", ""));
    all.add(bad("cut short", "{\"user\":1,\"event\":\"a\"", ""));
    all.add(bad("cut in a string", "{\"user\":1,\"event\":\"a", ""));
    all.add(bad("single quotes", "{'user':1,'event':'a'}", ""));
    all.add(bad("trailing comma", "{\"user\":1,\"event\":\"a\",}", ""));
    all.add(bad("comment", "{\"user\":1,\"event\":\"a\"/* */}", ""));
    all.add(bad("trailing garbage", valid() + "x", ""));
    all.add(bad("a second value", valid() + valid(), ""));
    all.add(bad("NaN", withData("NaN"), ""));
    all.add(bad("NaN inside", withData("{\"a\":NaN}"), ""));
    all.add(bad("Infinity", withData("-Infinity"), ""));
    all.add(bad("leading zero", withData("01"), ""));
    all.add(bad("plus sign", withData("+1"), ""));
    all.add(bad("bare fraction", withData(".5"), ""));
    all.add(bad("unknown literal", withData("nil"), ""));
    all.add(bad("unknown escape", withData("\"\\x\""), ""));
    all.add(bad("short escape", withData("\"\\u12\""), ""));
    all.add(bad("raw newline in a string", withData("\"a\nb\""), ""));
    all.add(bad("raw U+001E in a string", withData("{\"a\":\"\u001e\"}"), ""));
    all.add(bad("NUL in a string", withData("\"\0\""), ""));
    all.add(bad("NUL after the object", valid() + "\0", ""));
    all.add(bad("byte order mark", "\uFEFF" + valid(), ""));
    all.add(encoded("UTF-16", valid(), StandardCharsets.UTF_16));
    all.add(encoded("UTF-16LE", valid(), StandardCharsets.UTF_16LE));
    all.add(encoded("UTF-16BE", valid(), StandardCharsets.UTF_16BE));
    all.add(encoded("UTF-32", valid(), Charset.forName("UTF-32LE")));
    all.add(encoded("ISO-8859-1", withData("\"é\""), StandardCharsets.ISO_8859_1));
    all.add(bytes("a lone continuation byte", 0x80));
    all.add(bytes("a sequence cut short", 0xE2, 0x82));
    all.add(bytes("an overlong slash", 0xC0, 0xAF));
    all.add(bytes("an overlong of three", 0xE0, 0x80, 0xAF));
    all.add(bytes("an overlong of four", 0xF0, 0x80, 0x80, 0xAF));
    all.add(bytes("a surrogate in UTF-8", 0xED, 0xA0, 0x80));
    all.add(bytes("beyond U+10FFFF", 0xF4, 0x90, 0x80, 0x80));
    all.add(bytes("five bytes", 0xF8, 0x88, 0x80, 0x80, 0x80));
    all.add(bytes("0xFF", 0xFF));
  }

  private static void shape(List<BadBody> all) {
    all.add(bad("a number", "42", "body"));
    all.add(bad("a string", "\"user\"", "body"));
    all.add(bad("null", "null", "body"));
    all.add(bad("true", "true", "body"));
    all.add(bad("an array", "[" + valid() + "]", "body"));
    all.add(bad("PHP's empty array", "[]", "event"));
    all.add(bad("an empty object", "{}", "event"));
    all.add(bad("no event", "{\"user\":1}", "event"));
    all.add(bad("unknown field", with("\"usr\":1"), "usr"));
    all.add(bad("a call without receiver", call("{\"id\":1,\"caller\":1}"), "call.receiver"));
    all.add(
        bad("a call of one", call("{\"id\":1,\"caller\":1,\"receiver\":\"1\"}"), "call.receiver"));
    all.add(bad("a call without id", call("{\"caller\":1,\"receiver\":2}"), "call.id"));
    all.add(bad("a call of a day and a second", call("{\"id\":1,\"ttl\":86401}"), "call.ttl"));
    all.add(bad("a call with more", call("{\"id\":1,\"to\":2}"), "call.to"));
    all.add(bad("a call in a string", call("\"c-1\""), "call"));
    all.add(bad("field in capitals", with("\"User\":1"), "User"));
    all.add(bad("user twice", with("\"user\":1"), "user"));
    all.add(bad("user twice, once escaped", with("\"us\\u0065r\":1"), "user"));
    all.add(bad("event twice", with("\"event\":\"b\""), "event"));
    for (String value : List.of("null", "1", "true", "[]", "{}", "\"\"")) {
      all.add(bad("event " + value, "{\"user\":1,\"event\":" + value + "}", "event"));
    }
    for (String name : List.of("connect", "disconnect", "connect_error", "newListener")) {
      all.add(bad("reserved " + name, "{\"user\":1,\"event\":\"" + name + "\"}", "event"));
    }
    all.add(bad("long event", "{\"user\":1,\"event\":\"" + "e".repeat(201) + "\"}", "event"));
    all.add(bad("event with a tab", "{\"user\":1,\"event\":\"a\\tb\"}", "event"));
    all.add(bad("event with half a pair", "{\"user\":1,\"event\":\"\\ud800\"}", "event"));
  }

  private static String call(String call) {
    return with("\"call\":" + call);
  }

  private static void targets(List<BadBody> all) {
    all.add(bad("no target", "{\"event\":\"a\"}", "user"));
    all.add(bad("two targets", with("\"channel\":\"a\""), "channel"));
    all.add(bad("user and users", with("\"users\":[1]"), "users"));
    all.add(bad("user and everyone", with("\"everyone\":true"), "everyone"));
    for (String user :
        List.of(
            "null",
            "true",
            "1.5",
            "1e2",
            "[]",
            "{}",
            "[1]",
            "\"\"",
            "\"\\u0000\"",
            "\"a\\nb\"",
            "\"\\udc00\"",
            "9223372036854775808",
            "-9223372036854775809",
            "123456789012345678901234567890",
            "\"" + "u".repeat(201) + "\"")) {
      all.add(bad("user " + user, target("user", user), "user"));
      all.add(bad("users with " + user, target("users", "[1," + user + "]"), "users.1"));
    }
    for (String users : List.of("null", "1", "\"1\"", "{}", "{\"0\":1}", "[]")) {
      all.add(bad("users " + users, target("users", users), "users"));
    }
    all.add(bad("1,001 users", target("users", numbers(1_001)), "users"));
    for (String channel : List.of("null", "1", "[]", "\"\"", "\"" + "c".repeat(201) + "\"")) {
      all.add(bad("channel " + channel, target("channel", channel), "channel"));
      all.add(
          bad("channels with " + channel, target("channels", "[" + channel + "]"), "channels.0"));
      all.add(bad("socket " + channel, target("socket", channel), "socket"));
    }
    all.add(bad("no channels", target("channels", "[]"), "channels"));
    String many = "[" + String.join(",", Collections.nCopies(101, "\"c\"")) + "]";
    all.add(bad("101 channels", target("channels", many), "channels"));
    for (String everyone : List.of("false", "null", "1", "\"true\"")) {
      all.add(bad("everyone " + everyone, target("everyone", everyone), "everyone"));
    }
  }

  private static void terms(List<BadBody> all) {
    for (String field : List.of("hold", "confirm")) {
      for (String value :
          List.of(
              "-1",
              "1.0",
              "\"30\"",
              "null",
              "true",
              "[]",
              "2147483648",
              "99999999999999999999",
              field.equals("hold") ? "86401" : "10001")) {
        all.add(bad(field + " " + value, with("\"" + field + "\":" + value), field));
      }
    }
    for (String to :
        List.of(
            "\"channel\":\"a\"",
            "\"channels\":[\"a\"]",
            "\"everyone\":true",
            "\"socket\":\"1.2\"")) {
      all.add(bad("hold for " + to, "{" + to + ",\"event\":\"a\",\"hold\":30}", "hold"));
      all.add(
          bad(
              "collapse_key for " + to,
              "{" + to + ",\"event\":\"a\",\"collapse_key\":\"k\"}",
              "collapse_key"));
    }
    for (String field : List.of("collapse_key", "id", "except")) {
      for (String value :
          List.of("1", "\"\"", "{}", "\"" + "k".repeat(201) + "\"", "\"\\u0007\"")) {
        all.add(bad(field + " " + value, with("\"" + field + "\":" + value), field));
      }
    }
    all.add(bad("id null", with("\"id\":null"), "id"));
    all.add(bad("id of more than ASCII", with("\"id\":\"é\""), "id"));
  }

  private static void data(List<BadBody> all) {
    all.add(bad("a key of data twice", withData("{\"a\":1,\"b\":2,\"a\":3}"), "data.a"));
    all.add(bad("deep twice", withData("{\"x\":[0,{\"a\":1,\"\\u0061\":2}]}"), "data.x.1.a"));
    String keys =
        IntStream.range(0, 50).mapToObj(i -> "\"k" + i + "\":0").collect(Collectors.joining(","));
    all.add(bad("twice among many", withData("{" + keys + ",\"k3\":1}"), "data.k3"));
    all.add(bad("65 deep", withData("[".repeat(65) + "]".repeat(65)), "data"));
    all.add(bad("65 objects deep", withData("{\"a\":".repeat(65) + "1" + "}".repeat(65)), "data"));
    all.add(bad("100,000 deep", withData("[".repeat(100_000)), "data"));
    all.add(bad("deep elsewhere", with("\"x\":" + "[".repeat(100_000)), "x"));
    for (String half :
        List.of(
            "\\ud800",
            "\\udc00",
            "\\uDBFF\\u0041",
            "\\ud800x\\udc00",
            "\\ude00\\ud83d",
            "\\ud83d\\\\ude00")) {
      all.add(bad("half a pair " + half, withData("{\"a\":\"" + half + "\"}"), "data"));
    }
    all.add(bad("half a pair in a key", withData("{\"\\ud800\":1}"), ""));
  }

  private BadBody naming(String other) {
    return new BadBody(name, body, other);
  }

  /** An emit without fault. */
  public static String valid() {
    return "{\"user\":42,\"event\":\"call:rejected\"}";
  }

  private static String with(String member) {
    return "{\"user\":42,\"event\":\"a\"," + member + "}";
  }

  private static String withData(String data) {
    return with("\"data\":" + data);
  }

  private static String target(String field, String value) {
    return "{\"" + field + "\":" + value + ",\"event\":\"a\"}";
  }

  private static String numbers(int count) {
    return IntStream.range(0, count).boxed().toList().toString();
  }

  private static BadBody bad(String name, String body, String field) {
    return encoded(name, body, StandardCharsets.UTF_8).naming(field);
  }

  private static BadBody encoded(String name, String body, Charset charset) {
    String shown = name.length() > 60 ? name.substring(0, 60) + "..." : name;
    return new BadBody(shown, body.getBytes(charset), "");
  }

  /** A string of data that holds these bytes. */
  private static BadBody bytes(String name, int... raw) {
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    body.writeBytes(
        "{\"user\":42,\"event\":\"a\",\"data\":{\"t\":\"".getBytes(StandardCharsets.UTF_8));
    for (int value : raw) {
      body.write(value);
    }
    body.writeBytes("\"}}".getBytes(StandardCharsets.UTF_8));
    return new BadBody(name, body.toByteArray(), "");
  }
}
