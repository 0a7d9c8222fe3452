package dev.laravelrelay.e2e;

import java.util.List;

/**
 * One thing that a listener was called with.
 *
 * @param args as JSON; a bare string is quoted
 * @param types the simple class name of each argument, as the app's listener saw it
 * @param nanos {@link System#nanoTime()} when the listener was called
 * @param epochMicros the wall clock then
 */
public record Heard(
    String event, List<String> args, List<String> types, long nanos, long epochMicros) {}
