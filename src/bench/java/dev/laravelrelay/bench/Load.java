package dev.laravelrelay.bench;

import java.io.IOException;

/** Some load on a server; returns how many events came. */
@FunctionalInterface
interface Load {
  long run() throws IOException, InterruptedException;
}
