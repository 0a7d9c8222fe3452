package dev.laravelrelay.e2e.faults;

import dev.laravelrelay.e2e.faults.Traffic.Reply;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * What one fault did.
 *
 * @param told how often Laravel was told what: verdicts, statuses, 0 for no answer
 * @param slowest answer to an emit that awaited no receipt, in milliseconds
 * @param kept how many events with hold were accepted
 * @param keptLost those of them that did not arrive
 * @param sent how many without hold were said to be sent
 * @param sentLost those of them that did not arrive
 * @param notReadyAfter milliseconds, or -1
 * @param wholeAfter milliseconds after the fault's end
 */
record FaultRow(
    String fault,
    Map<String, Long> told,
    long slowest,
    int kept,
    List<Integer> keptLost,
    int sent,
    List<Integer> sentLost,
    long notReadyAfter,
    long wholeAfter,
    long residentMb) {

  static final String HEAD =
      """
      | fault | Laravel was told | slowest reply | lost with hold | lost without | not ready \
      after | whole again | RSS at most |
      |---|---|---|---|---|---|---|---|""";

  static FaultRow of(
      String fault,
      Collection<Reply> replies,
      Map<String, List<Integer>> arrived,
      long notReadyAfter,
      long wholeAfter,
      long residentMb) {
    List<Reply> accepted = replies.stream().filter(Reply::isAccepted).toList();
    List<Reply> kept = accepted.stream().filter(Reply::isHeldUser).toList();
    List<Reply> sent =
        accepted.stream()
            .filter(reply -> !reply.isHeldUser() && !reply.verdict().equals("offline"))
            .toList();
    return new FaultRow(
        fault,
        replies.stream()
            .collect(Collectors.groupingBy(Reply::verdict, TreeMap::new, Collectors.counting())),
        replies.stream()
            .filter(reply -> reply.number() % 5 != 0)
            .mapToLong(Reply::millis)
            .max()
            .orElse(0),
        kept.size(),
        missing(kept, arrived),
        sent.size(),
        missing(sent, arrived),
        notReadyAfter,
        wholeAfter,
        residentMb);
  }

  private static List<Integer> missing(List<Reply> replies, Map<String, List<Integer>> arrived) {
    return replies.stream()
        .filter(reply -> !arrived.get(reply.user()).contains(reply.number()))
        .map(Reply::number)
        .distinct()
        .sorted()
        .toList();
  }

  @Override
  public String toString() {
    String verdicts =
        told.entrySet().stream()
            .map(one -> one.getValue() + " " + word(one.getKey()))
            .collect(Collectors.joining(", "));
    return "| %s | %s | %d ms | %d of %d | %d of %d | %s | %d ms | %d MB |"
        .formatted(
            fault,
            verdicts,
            slowest,
            keptLost.size(),
            kept,
            sentLost.size(),
            sent,
            notReadyAfter < 0 ? "stayed ready" : notReadyAfter + " ms",
            wholeAfter,
            residentMb);
  }

  private static String word(String verdict) {
    return verdict.equals("0") ? "no answer" : verdict;
  }
}
