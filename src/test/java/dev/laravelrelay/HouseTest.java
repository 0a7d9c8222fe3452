package dev.laravelrelay;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.lang.syntax.ArchRuleDefinition;
import java.util.Map;

/** Holds the walls up: a package uses only packages with a lower number, and there is no cycle. */
@AnalyzeClasses(packages = HouseTest.ROOT, importOptions = DoNotIncludeTests.class)
class HouseTest {

  static final String ROOT = "dev.laravelrelay";

  private static final Map<String, Integer> FLOORS =
      Map.ofEntries(
          Map.entry("", 9),
          Map.entry("app", 8),
          Map.entry("http", 7),
          Map.entry("socket", 7),
          Map.entry("redis", 7),
          Map.entry("laravel", 7),
          Map.entry("call", 6),
          Map.entry("delivery", 5),
          Map.entry("session", 4),
          Map.entry("protocol", 3),
          Map.entry("auth", 3),
          Map.entry("event", 2),
          Map.entry("lifecycle", 1),
          Map.entry("metrics", 1),
          Map.entry("config", 1));

  @ArchTest
  static final ArchRule everyPackageUsesOnlyLowerFloors =
      ArchRuleDefinition.classes()
          .that()
          .resideInAPackage(ROOT + "..")
          .should(
              new ArchCondition<JavaClass>("use only packages of a lower floor") {
                @Override
                public void check(JavaClass user, ConditionEvents events) {
                  String room = room(user);
                  user.getDirectDependenciesFromSelf().stream()
                      .filter(use -> isOurs().test(use.getTargetClass()))
                      .filter(use -> !room(use.getTargetClass()).equals(room))
                      .filter(use -> floor(use.getTargetClass()) >= floor(user))
                      .forEach(
                          use ->
                              events.add(
                                  SimpleConditionEvent.violated(user, use.getDescription())));
                }
              });

  @ArchTest
  static final ArchRule thereIsNoCycle =
      slices().matching(ROOT + ".(**)").should().beFreeOfCycles();

  private static DescribedPredicate<JavaClass> isOurs() {
    return DescribedPredicate.describe(
        "ours", type -> type.getPackageName().startsWith(ROOT) && !type.isArray());
  }

  private static String room(JavaClass type) {
    String name = type.getPackageName();
    return name.equals(ROOT) ? "" : name.substring(ROOT.length() + 1);
  }

  private static int floor(JavaClass type) {
    Integer floor = FLOORS.get(room(type));
    if (floor == null) {
      throw new IllegalStateException(type.getName() + " is in a package without a floor");
    }
    return floor;
  }
}
