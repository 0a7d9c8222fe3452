package dev.laravelrelay.laravel;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;

import dev.laravelrelay.config.WebhookConfig;
import dev.laravelrelay.delivery.Notice;
import dev.laravelrelay.delivery.WebhookQueue.Queued;
import dev.laravelrelay.event.RawJson;
import dev.laravelrelay.laravel.WebhookSender.Result;
import dev.laravelrelay.testing.Deliveries;
import dev.laravelrelay.testing.LaravelHooks;
import dev.laravelrelay.testing.LoopbackHttp;
import java.net.URI;
import java.time.Duration;
import java.time.InstantSource;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(30)
class WebhookSenderTest {

  private final Deliveries node = new Deliveries();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private LaravelHooks laravel;

  @BeforeEach
  void start() throws Exception {
    laravel = new LaravelHooks();
  }

  @AfterEach
  void stop() {
    laravel.close();
    threads.close();
  }

  private Result send(URI url) throws InterruptedException {
    WebhookConfig config = laravel.config(Duration.ZERO);
    Notice notice = Notice.ofUser(Notice.Kind.USER_ONLINE, "1", 0, RawJson.EMPTY_OBJECT);
    try (WebhookSender sender =
        new WebhookSender(url, config, node.metrics, InstantSource.system(), threads)) {
      return sender.send(List.of(new Queued(notice, 0, 0)));
    }
  }

  private URI withPassword() {
    return URI.create(laravel.url().toString().replace("://", "://u%40b:hush@"));
  }

  @Test
  void aUserAndAPasswordInTheUrlGoAsBasic() throws Exception {
    assertInstanceOf(Result.Heard.class, send(withPassword()));

    LoopbackHttp.Request request = laravel.requests().getFirst();
    assertEquals(
        "Basic " + Base64.getEncoder().encodeToString("u@b:hush".getBytes(UTF_8)),
        request.headers().get("authorization"));
    assertEquals("/relay/webhook", request.path());
  }

  @Test
  void withoutThemThereIsNoAuthorization() throws Exception {
    send(laravel.url());
    assertNull(laravel.requests().getFirst().headers().get("authorization"));
  }

  @Test
  void theyAreInNoTextOfAFailure() throws Exception {
    laravel.close();
    Result.Away away = assertInstanceOf(Result.Away.class, send(withPassword()));
    assertFalse(away.why().contains("hush"), away::why);
  }
}
