package dev.tartan.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.CompositeArchRule;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The directions dependencies may take between the packages below {@code root}, lowest layer first. A layer that has no
 * classes yet is allowed.
 */
record LayerRules(String root, List<String> layers) {

    /** No class depends on a layer above its own. */
    ArchRule lowerNeverDependsOnUpper() {
        List<ArchRule> rules = IntStream.range(0, layers.size() - 1)
                .mapToObj(i -> neverDependsOn(layers.get(i), packages(layers.subList(i + 1, layers.size()))))
                .toList();
        return CompositeArchRule.of(rules);
    }

    /** No class of {@code layer} depends on any of {@code packages}, written as ArchUnit package patterns. */
    ArchRule neverDependsOn(String layer, String... packages) {
        return noClasses()
                .that()
                .resideInAPackage(packageOf(layer))
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(packages)
                .allowEmptyShould(true)
                .because("'" + layer + "' is lower than what it depends on here; see DESIGN of the packages");
    }

    /** Every class is in a layer, so that a new package must be given its place. */
    ArchRule everyClassIsInALayer() {
        return classes()
                .should()
                .resideInAnyPackage(packages(layers))
                .because("a new package needs a place in the list of layers");
    }

    /** Packages, sub-packages included, do not depend on each other in a circle. */
    ArchRule noCycles() {
        return slices().matching(root + ".(**)").should().beFreeOfCycles().allowEmptyShould(true);
    }

    String[] packages(List<String> names) {
        return names.stream().map(this::packageOf).toArray(String[]::new);
    }

    private String packageOf(String layer) {
        return root + "." + layer + "..";
    }
}
