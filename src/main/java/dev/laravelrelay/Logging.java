package dev.laravelrelay;

import ch.qos.logback.classic.AsyncAppender;
import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.encoder.PatternLayoutEncoder;
import ch.qos.logback.classic.spi.Configurator;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.encoder.Encoder;
import ch.qos.logback.core.joran.spi.ConsoleTarget;
import ch.qos.logback.core.spi.ContextAwareBase;
import dev.laravelrelay.config.LogConfig;
import net.logstash.logback.encoder.LogstashEncoder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where log lines go. Found by Logback as its configurator: until settings are read, warnings go to
 * the error stream. Of the libraries only warnings are heard.
 *
 * <p>Writing never blocks who logs: beyond {@value #QUEUE} waiting lines, lines are lost.
 */
public final class Logging extends ContextAwareBase implements Configurator {

  private static final int QUEUE = 8_192;
  private static final int FLUSH_MILLIS = 2_000;
  private static final String OURS = "dev.laravelrelay";

  /** One line a fact, whatever is in the message. */
  private static final String PATTERN =
      "%d{yyyy-MM-dd HH:mm:ss.SSS} %-5level %logger{0}: %replace(%msg){'[\\r\\n]+', ' '}%n";

  @Override
  public ExecutionStatus configure(LoggerContext context) {
    start(context, text(context), ConsoleTarget.SystemErr, Level.WARN);
    return ExecutionStatus.DO_NOT_INVOKE_NEXT_IF_ANY;
  }

  /** From now on lines go to the output stream, as the settings say. */
  static void apply(LogConfig config) {
    LoggerContext context = context();
    context.reset();
    Encoder<ILoggingEvent> encoder =
        switch (config.format()) {
          case TEXT -> text(context);
          case JSON -> json(context);
        };
    start(context, encoder, ConsoleTarget.SystemOut, Level.valueOf(config.level().name()));
  }

  /** Writes what waits; nothing is logged after it. */
  static void flush() {
    context().stop();
  }

  private static LoggerContext context() {
    return (LoggerContext) LoggerFactory.getILoggerFactory();
  }

  private static void start(
      LoggerContext context, Encoder<ILoggingEvent> encoder, ConsoleTarget target, Level ours) {
    ConsoleAppender<ILoggingEvent> console = new ConsoleAppender<>();
    console.setContext(context);
    console.setTarget(target.getName());
    console.setEncoder(encoder);
    console.start();
    AsyncAppender async = new AsyncAppender();
    async.setContext(context);
    async.setQueueSize(QUEUE);
    async.setNeverBlock(true);
    async.setMaxFlushTime(FLUSH_MILLIS);
    async.addAppender(console);
    async.start();
    ch.qos.logback.classic.Logger root = context.getLogger(Logger.ROOT_LOGGER_NAME);
    root.setLevel(Level.WARN);
    context.getLogger("io.javalin").setLevel(Level.OFF); // what it logs, it throws as well
    root.addAppender(async);
    context.getLogger(OURS).setLevel(ours);
  }

  private static Encoder<ILoggingEvent> text(LoggerContext context) {
    PatternLayoutEncoder encoder = new PatternLayoutEncoder();
    encoder.setContext(context);
    encoder.setPattern(PATTERN);
    encoder.start();
    return encoder;
  }

  private static Encoder<ILoggingEvent> json(LoggerContext context) {
    LogstashEncoder encoder = new LogstashEncoder();
    encoder.setContext(context);
    encoder.start();
    return encoder;
  }
}
