package dev.laravelrelay.e2e.conformance;

import dev.laravelrelay.event.RawJson;
import java.util.List;

/** What is emitted to several sockets. */
record Broadcast(List<RawJson> args, List<byte[]> attachments) {}
