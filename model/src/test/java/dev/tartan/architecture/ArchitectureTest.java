package dev.tartan.architecture;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("architecture")
class ArchitectureTest {
    private static final LayerRules RULES = new LayerRules(
            "dev.tartan",
            List.of(
                    "random",
                    "path",
                    "mesh",
                    "graph",
                    "op",
                    "autodiff",
                    "sharding",
                    "partition",
                    "plan",
                    "backend",
                    "collective",
                    "execute",
                    "network",
                    "optimizer",
                    "checkpoint",
                    "dl4j",
                    "samediff",
                    "train"));
    private static final LayerRules BROKEN = new LayerRules("dev.tartan.architecture.broken", List.of("mesh", "graph"));

    private static final JavaClasses MODEL = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("dev.tartan");
    private static final JavaClasses BROKEN_CLASSES = new ClassFileImporter().importPackages(BROKEN.root());

    @Test
    void lowerLayersNeverDependOnUpperOnes() {
        RULES.lowerNeverDependsOnUpper().check(MODEL);
    }

    @Test
    void networksAndOptimizersOnlyTrace() {
        String[] running = RULES.packages(List.of("backend", "collective", "execute"));
        RULES.neverDependsOn("network", running).check(MODEL);
        RULES.neverDependsOn("optimizer", running).check(MODEL);
    }

    @Test
    void everyPackageHasAPlaceAmongTheLayers() {
        RULES.everyClassIsInALayer().check(MODEL);
    }

    @Test
    void packagesDoNotDependOnEachOtherInACircle() {
        RULES.noCycles().check(MODEL);
    }

    @Test
    void modelNeverTouchesSpark() {
        independentOf("org.apache.spark..", "org.apache.hadoop..", "scala..").check(MODEL);
    }

    /** A class of the presets that is touched without a driver can never be loaded again. */
    @Test
    void onlyClassesBehindTheDriversProbeNameCudaLibraries() {
        String behind = ".*\\.Bytedeco.*";
        noClasses()
                .that()
                .haveNameNotMatching(behind)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("org.bytedeco.cuda..")
                .check(MODEL);
        noClasses()
                .that()
                .haveNameNotMatching(behind)
                .and()
                .doNotHaveSimpleName("CudaBackend")
                .should()
                .dependOnClassesThat()
                .haveNameMatching(behind)
                .check(MODEL);
    }

    @Test
    void eachRuleCanFail() {
        assertBroken(BROKEN.lowerNeverDependsOnUpper(), "broken.mesh.LooksUp");
        assertBroken(BROKEN.neverDependsOn("mesh", "..broken.spark.."), "broken.spark.SparkLike");
        assertBroken(BROKEN.everyClassIsInALayer(), "broken.stray.Stray");
        assertBroken(BROKEN.noCycles(), "Cycle detected: Slice graph");
        assertBroken(independentOf("..broken.spark.."), "broken.spark.SparkLike");
    }

    private static ArchRule independentOf(String... packages) {
        return noClasses().should().dependOnClassesThat().resideInAnyPackage(packages);
    }

    private static void assertBroken(ArchRule rule, String culprit) {
        assertThat(rule.evaluate(BROKEN_CLASSES).getFailureReport().toString()).contains(culprit);
    }
}
