package dev.laravelrelay.socket;

import io.netty.channel.Channel;
import io.netty.handler.codec.http.HttpHeaderNames;
import io.netty.handler.codec.http.HttpRequest;
import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntSupplier;
import org.jspecify.annotations.Nullable;

/**
 * Whether new clients are let in, and what their handshake says. Safe from any thread.
 *
 * <p>X-Forwarded-For is believed only from a trusted proxy: its last address that is no trusted
 * proxy is the client's.
 */
final class Admittance {

  /** Each session's handshake is kept: what Engine.IO alone reads is no part of it. */
  private static final Set<String> ENGINE_PARAMETERS = Set.of("EIO", "transport", "sid", "t");

  private final Cors cors;
  private final List<IpSubnetFilterRule> trustedProxies;
  private final IntSupplier sessions;
  private final int maxSessions;
  private volatile boolean closed;

  /**
   * @param trustedProxies addresses and CIDR blocks
   * @param sessions how many there are now
   */
  Admittance(Cors cors, List<String> trustedProxies, IntSupplier sessions, int maxSessions) {
    this.cors = cors;
    this.trustedProxies = trustedProxies.stream().map(Admittance::rule).toList();
    this.sessions = sessions;
    this.maxSessions = maxSessions;
  }

  private static IpSubnetFilterRule rule(String block) {
    int slash = block.indexOf('/');
    String address = slash < 0 ? block : block.substring(0, slash);
    int bits =
        slash < 0
            ? (address.contains(":") ? 128 : 32)
            : Integer.parseInt(block.substring(slash + 1));
    return new IpSubnetFilterRule(address, bits, IpFilterRuleType.ACCEPT);
  }

  /** From now on nobody is let in. */
  void close() {
    closed = true;
  }

  boolean allowsOrigin(HttpRequest request) {
    return cors.allows(request);
  }

  /** Why nobody is let in now, as a sentence; null while clients are welcome. */
  @Nullable String refusal() {
    if (closed) {
      return "The relay is shutting down.";
    }
    return sessions.getAsInt() >= maxSessions ? "The relay is full." : null;
  }

  /** The reason in a word, for metrics. */
  String refusalWord() {
    return closed ? "draining" : "full";
  }

  Handshake handshake(HttpRequest request, Map<String, List<String>> query, Channel channel) {
    boolean polling = query.getOrDefault("transport", List.of()).contains("polling");
    Map<String, List<String>> own = new HashMap<>(query);
    own.keySet().removeAll(ENGINE_PARAMETERS);
    return new Handshake(
        Map.copyOf(own),
        request.headers().get(HttpHeaderNames.AUTHORIZATION, ""),
        polling ? "polling" : "websocket",
        remoteAddress(request, channel));
  }

  private InetAddress remoteAddress(HttpRequest request, Channel channel) {
    if (!(channel.remoteAddress() instanceof InetSocketAddress peer)) {
      return InetAddress.getLoopbackAddress();
    }
    String client = peer.getAddress().getHostAddress();
    if (!isTrusted(client)) {
      return peer.getAddress();
    }
    String[] forwarded =
        String.join(",", request.headers().getAll("X-Forwarded-For")).split(",", -1);
    for (int i = forwarded.length - 1; i >= 0 && isTrusted(client); i--) {
      if (!forwarded[i].isBlank()) {
        client = forwarded[i].trim();
      }
    }
    return NetUtil.isValidIpV4Address(client) || NetUtil.isValidIpV6Address(client)
        ? InetAddress.ofLiteral(client)
        : peer.getAddress();
  }

  private boolean isTrusted(String address) {
    if (!NetUtil.isValidIpV4Address(address) && !NetUtil.isValidIpV6Address(address)) {
      return false;
    }
    InetSocketAddress peer =
        new InetSocketAddress(NetUtil.createInetAddressFromIpAddressString(address), 0);
    return trustedProxies.stream().anyMatch(rule -> rule.matches(peer));
  }
}
