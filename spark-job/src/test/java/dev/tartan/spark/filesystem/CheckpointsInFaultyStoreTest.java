package dev.tartan.spark.filesystem;

import static org.assertj.core.api.Assertions.assertThat;

import dev.tartan.path.UriPath;
import dev.tartan.spark.filesystem.FaultyStore.Doing;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** A store that is full or cannot be reached while checkpoints are written to it: training goes on. */
@Timeout(120)
class CheckpointsInFaultyStoreTest {
    private static final Set<Doing> WRITING =
            Set.of(Doing.MAKE_FOLDER, Doing.CREATE, Doing.WRITE, Doing.CLOSE, Doing.DELETE);

    @TempDir
    Path folder;

    private StoreProperties properties = new StoreProperties();

    @BeforeEach
    void makeTheStoreKnown() {
        properties = new StoreProperties().with(FaultyStore.properties());
    }

    @AfterEach
    void forgetTheStore() {
        FaultyStore.rule((doing, path) -> {});
        properties.close();
    }

    private StoredRun run() {
        return new StoredRun(folder, UriPath.of("faulty:" + folder.resolve("checkpoints")));
    }

    private static StoredRun failing(StoredRun run, FaultyStore.Rule rule) {
        return run.failing(() -> FaultyStore.rule(rule), () -> FaultyStore.rule((doing, path) -> {}));
    }

    private byte[] undisturbed() throws Exception {
        return new StoredRun(folder, folder.resolve("undisturbed")).train(false, null);
    }

    /** What is left is what the store was asked to keep, and it can be gone on from. */
    private void assertGoesOn(StoredRun run, byte[] trained) throws Exception {
        byte[] expected = undisturbed();
        assertThat(trained).isEqualTo(expected);
        assertThat(run.steps()).startsWith(8L);
        try (Stream<Path> left = Files.list(folder.resolve("checkpoints"))) {
            assertThat(left).hasSize(3);
        }
        Path second = run.checkpoints().get(1).folder();
        assertThat(run().train(true, second)).isEqualTo(expected);
    }

    @ParameterizedTest
    @EnumSource(
            value = Doing.class,
            names = {"MAKE_FOLDER", "CREATE", "WRITE", "CLOSE"})
    void eachWayOfWritingMayFailForAWhile(Doing failing) throws Exception {
        StoredRun run = failing(run(), (doing, path) -> {
            if (doing == failing) {
                throw new IOException("quota exceeded");
            }
        });
        byte[] trained = run.train(false, null);
        assertThat(run.failures().subList(2, 4))
                .allSatisfy(failure ->
                        assertThat(failure).contains("quota exceeded").contains("rank"));
        assertThat(run.failures().subList(5, 8)).containsOnlyNulls();
        assertGoesOn(run, trained);
    }

    @Test
    void theStoreMayBeOutOfReachForAWhile() throws Exception {
        StoredRun run = failing(run(), (doing, path) -> {
            throw new IOException("no route to host");
        });
        byte[] trained = run.train(false, null);
        assertThat(run.failures().subList(0, 2)).containsOnlyNulls();
        assertThat(Objects.requireNonNull(run.failures().get(3))).contains("no route to host");
        assertThat(run.failures().subList(5, 8)).containsOnlyNulls();
        assertGoesOn(run, trained);
    }

    /** Nothing can be removed meanwhile either; the parts of what failed go with a later one. */
    @Test
    void theCheckpointBeforeStaysAndIsTheOneToGoOnFrom() throws Exception {
        StoredRun run = run();
        run.failing(
                () -> FaultyStore.rule((doing, path) -> {
                    if (WRITING.contains(doing)) {
                        throw new IOException("No space left on device");
                    }
                }),
                () -> assertThat(run.steps()).startsWith(2L));
        byte[] trained = run.train(false, null);
        assertThat(trained).isEqualTo(undisturbed());
        assertThat(run.failures().subList(2, 8)).doesNotContainNull();
        assertThat(run.steps()).containsExactly(2L, 1L);
        FaultyStore.rule((doing, path) -> {});
        assertThat(run().train(true, run.checkpoints().get(0).folder())).isEqualTo(trained);
    }

    @ParameterizedTest
    @EnumSource(
            value = Doing.class,
            names = {"CREATE", "WRITE", "CLOSE"})
    void theManifestMayFail(Doing failing) throws Exception {
        StoredRun run = failing(run(), (doing, path) -> {
            if (path.endsWith("manifest.json") && (doing == failing || doing == Doing.DELETE)) {
                throw new IOException("connection reset");
            }
        });
        byte[] trained = run.train(false, null);
        assertThat(run.failures()).hasSize(8).element(0).isNull();
        assertGoesOn(run, trained);
    }

    /** As networks fail; what was written in the background is tried twice. */
    @Test
    void someWritesMayFailNowAndThen() throws Exception {
        AtomicInteger writes = new AtomicInteger();
        StoredRun run = run();
        FaultyStore.rule((doing, path) -> {
            if (WRITING.contains(doing) && writes.incrementAndGet() % 29 == 0) {
                throw new IOException("connection reset");
            }
        });
        byte[] trained = run.train(true, null);
        FaultyStore.rule((doing, path) -> {});
        assertThat(run.checkpoints()).isNotEmpty();
        assertThat(trained).isEqualTo(undisturbed());
        assertThat(run().train(
                                true,
                                run.checkpoints().get(run.steps().size() - 1).folder()))
                .isEqualTo(trained);
    }
}
