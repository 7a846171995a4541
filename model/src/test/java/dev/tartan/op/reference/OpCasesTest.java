package dev.tartan.op.reference;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.graph.Op;
import dev.tartan.op.Activate;
import dev.tartan.op.Relayout;
import dev.tartan.op.Roll;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class OpCasesTest {
    @Test
    void everyOpOfThePackageHasACase() throws Exception {
        Set<String> covered = OpCases.all().stream()
                .map(example -> example.op().getClass().getSimpleName())
                .collect(Collectors.toCollection(TreeSet::new));
        assertThat(covered).isEqualTo(opsOfThePackage());
    }

    @Test
    void noCaseHasAnAllZeroResult() {
        for (OpCase example : OpCases.all()) {
            assertThat(example.results())
                    .as(example.toString())
                    .allSatisfy(
                            result -> assertThat(Arrays.stream(result.data()).anyMatch(x -> x != 0))
                                    .isTrue())
                    .allSatisfy(
                            result -> assertThat(Arrays.stream(result.data()).allMatch(Double::isFinite))
                                    .isTrue());
        }
    }

    static Set<String> opsOfThePackage() throws Exception {
        Path classes = Path.of(Activate.class
                        .getProtectionDomain()
                        .getCodeSource()
                        .getLocation()
                        .toURI())
                .resolve("dev/tartan/op");
        Set<String> names = new TreeSet<>();
        try (Stream<Path> files = Files.list(classes)) {
            for (Path file : (Iterable<Path>) files::iterator) {
                String name = file.getFileName().toString();
                if (name.endsWith(".class") && !name.equals("package-info.class")) {
                    Class<?> type = Class.forName("dev.tartan.op." + name.substring(0, name.length() - 6));
                    // No program has a relayout or a roll, but what they come to.
                    boolean runs = !Relayout.class.isAssignableFrom(type) && type != Roll.class;
                    if (Op.class.isAssignableFrom(type) && type.isRecord() && runs) {
                        names.add(type.getSimpleName());
                    }
                }
            }
        }
        return names;
    }
}
