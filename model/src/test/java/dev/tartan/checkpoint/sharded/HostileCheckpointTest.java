package dev.tartan.checkpoint.sharded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.InvalidCheckpointException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Whatever a folder holds: a clear error that names file and place, or the very values that were written. */
class HostileCheckpointTest {
    @TempDir
    Path folder;

    @Test
    void aWholeOneIsRead() throws IOException {
        Path path = SmallCheckpoint.write(folder, "whole", 3, UnaryOperator.identity());
        SmallCheckpoint.read(path);
        ShardedCheckpoint.open(path).verify();
        assertThat(Files.readString(path.resolve("manifest.json")))
                .startsWith("{\"tartanCheckpoint\":1,\"bytes\":\"")
                .endsWith("}\n");
    }

    @Test
    void aCutOrChangedManifestIsNoCheckpoint() throws IOException {
        Path path = SmallCheckpoint.write(folder, "whole", 3, UnaryOperator.identity());
        Path manifest = path.resolve("manifest.json");
        byte[] bytes = Files.readAllBytes(manifest);
        for (int length = 0; length < bytes.length; length++) {
            Files.write(manifest, java.util.Arrays.copyOf(bytes, length));
            assertThatThrownBy(() -> ShardedCheckpoint.open(path))
                    .isInstanceOf(InvalidCheckpointException.class)
                    .hasMessageContaining("path=" + manifest + ", offset=");
        }
        Files.write(manifest, bytes);
        SmallCheckpoint.read(path);
        Files.delete(manifest);
        assertThatThrownBy(() -> ShardedCheckpoint.open(path))
                .hasMessage("folder is no checkpoint, or one that was not written to its end: path=" + path
                        + ", missing=manifest.json. Resume from another one.");
    }

    @Test
    void aNewerFormatIsNamed() throws IOException {
        Path path = SmallCheckpoint.write(folder, "whole", 3, UnaryOperator.identity());
        Path manifest = path.resolve("manifest.json");
        Files.writeString(
                manifest, Files.readString(manifest).replace("\"tartanCheckpoint\":1", "\"tartanCheckpoint\":2"));
        assertThatThrownBy(() -> ShardedCheckpoint.open(path))
                .hasMessage("checkpoint is of a format that this version does not read: path=" + manifest
                        + ", version=2, newestRead=1. Use the version of Tartan that wrote it.");
    }

    @Test
    void filesThatAreMissingShorterOrChangedAreNamed() throws IOException {
        Path path = SmallCheckpoint.write(folder, "whole", 3, UnaryOperator.identity());
        Path file = path.resolve("rank-1");
        byte[] bytes = Files.readAllBytes(file);
        bytes[bytes.length - 1] ^= 1;
        Files.write(file, bytes);
        assertThatThrownBy(() -> SmallCheckpoint.read(path))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith(
                        "checkpoint file is corrupt: path=" + file + ", offset=0, bytes=" + bytes.length);
        Files.write(file, java.util.Arrays.copyOf(bytes, 100));
        assertThatThrownBy(() -> ShardedCheckpoint.open(path).verify())
                .hasMessage("checkpoint file has another length than its manifest says: path=" + file
                        + ", offset=100, bytes=100, expected=" + bytes.length + ". Resume from another one.");
        Files.delete(file);
        assertThatThrownBy(() -> SmallCheckpoint.read(path))
                .hasMessage("checkpoint lacks a file: path=" + file + ", offset=0. Resume from another one.");
    }

    @Test
    void theNewestValidOneIsTakenWhenWanted() throws IOException {
        CheckpointFolder all = new CheckpointFolder(folder);
        SmallCheckpoint.write(folder, "step-0000000001-a", 1, UnaryOperator.identity());
        Path second = SmallCheckpoint.write(folder, "step-0000000002-a", 2, UnaryOperator.identity());
        Path third = SmallCheckpoint.write(folder, "step-0000000003-a", 3, UnaryOperator.identity());
        Files.createDirectories(folder.resolve("step-0000000004-a"));
        Files.write(third.resolve("rank-0"), new byte[10]);
        List<String> problems = new ArrayList<>();
        assertThat(all.latest(false, problems::add).folder()).isEqualTo(third);
        assertThat(problems).hasSize(1);
        assertThat(all.latest(true, problem -> {}).folder()).isEqualTo(second);
    }

    /** The checksum of a changed manifest is made to fit, so that what it says is looked at. */
    @Test
    void whatCannotBeIsRefusedBeforeAnyFileIsOpened() throws IOException {
        record Change(String from, String to, String fact) {}
        List<Change> changes = List.of(
                new Change("\"name\":\"rank-1\"", "\"name\":\"../../etc/passwd\"", "file has no plain name"),
                new Change("\"name\":\"rank-1\"", "\"name\":\"rank-0\"", "file name is taken"),
                new Change("\"name\":\"rank-1\"", "\"name\":\"manifest.json\"", "file name is taken"),
                new Change("\"shape\":[4,6]", "\"shape\":[4611686018427387904,6]", "tensor is impossibly large"),
                new Change("\"shape\":[4,6]", "\"shape\":[4,7]", "tensor has several numbers of elements"),
                new Change("\"start\":[0,3]", "\"start\":[0,4]", "box is not within its tensor"),
                new Change("\"start\":[0,3]", "\"start\":[0,-3]", "lacks a whole number of 0 or more"),
                new Change("\"start\":[0,3]", "\"start\":[0]", "box has differing dims"),
                new Change("\"file\":1", "\"file\":2", "box is in no file"),
                new Change("\"dtype\":\"F32\"", "\"dtype\":\"F33\"", "tensor has an unknown type"),
                new Change("\"bytes\":1", "\"bytes\":9000000000001", "file has not one checksum for each block"),
                new Change("\"blockBytes\":1048576", "\"blockBytes\":1", "blockBytes is not 1048576"),
                new Change("\"name\":\"b\"", "\"name\":\"w\"", "tensor is there twice"));
        for (Change change : changes) {
            Path path = SmallCheckpoint.write(folder, "step-" + changes.indexOf(change), 3, UnaryOperator.identity());
            rewrite(path, change.from(), change.to());
            assertThatThrownBy(() -> SmallCheckpoint.read(path))
                    .as(change.toString())
                    .isInstanceOf(InvalidCheckpointException.class)
                    .hasMessageContaining(change.fact())
                    .hasMessageContaining("path=" + path.resolve("manifest.json") + ", offset=");
        }
    }

    @Test
    void partsThatOverlapAreRefused() throws IOException {
        Path path = SmallCheckpoint.write(folder, "step", 3, UnaryOperator.identity());
        rewrite(path, "\"start\":[0,3]", "\"start\":[0,0]");
        assertThatThrownBy(() -> SmallCheckpoint.read(path))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("checkpoint has a part of a tensor twice: tensor=w");
    }

    @Test
    void aManifestThatContradictsItsFilesIsRefused() throws IOException {
        Path path = SmallCheckpoint.write(folder, "step", 3, UnaryOperator.identity());
        rewrite(path, "\"file\":1", "\"file\":0");
        assertThatThrownBy(() -> SmallCheckpoint.read(path))
                .isInstanceOf(InvalidCheckpointException.class)
                .hasMessageStartingWith("checkpoint file does not hold what its manifest says: path="
                        + path.resolve("rank-0") + ", offset=0, tensor=w, expected=F32 [0:4, 3:6] of [4, 6], found=F32"
                        + " [0:4, 0:3] of [4, 6].");
    }

    private static void rewrite(Path path, String from, String to) throws IOException {
        Path manifest = path.resolve("manifest.json");
        String text = Files.readString(manifest);
        int start = text.indexOf("\"manifest\":") + "\"manifest\":".length();
        String body = text.substring(start, text.length() - ManifestDescriptor.END.length());
        assertThat(body).contains(from);
        byte[] changed = body.replaceFirst(
                        java.util.regex.Pattern.quote(from), java.util.regex.Matcher.quoteReplacement(to))
                .getBytes(StandardCharsets.UTF_8);
        resign(manifest, changed);
    }

    private static void resign(Path manifest, byte[] body) throws IOException {
        byte[] head = ManifestDescriptor.start(body.length, BlockChecksums.of(ByteBuffer.wrap(body)));
        ByteBuffer all = ByteBuffer.allocate(head.length + body.length + 2);
        all.put(head).put(body).put(ManifestDescriptor.END.getBytes(StandardCharsets.US_ASCII));
        Files.write(manifest, all.array());
    }

    @Test
    @Timeout(120)
    void randomChangesAreErrorsOrHarmless() throws IOException {
        change(3_000, 1);
    }

    @Tag("large")
    @Test
    void manyRandomChangesAreErrorsOrHarmless() throws IOException {
        change(100_000, 2);
    }

    /** Changes bytes, cuts, doubles and swaps, of manifests (signed anew, so that they are read) and of files. */
    private void change(int rounds, long seed) throws IOException {
        Random random = new Random(seed);
        Path path = SmallCheckpoint.write(folder, "fuzzed", 3, UnaryOperator.identity());
        Path manifest = path.resolve("manifest.json");
        byte[] whole = Files.readAllBytes(manifest);
        String text = new String(whole, StandardCharsets.UTF_8);
        int start = text.indexOf("\"manifest\":") + "\"manifest\":".length();
        byte[] body = java.util.Arrays.copyOfRange(whole, start, whole.length - 2);
        List<Path> files = List.of(path.resolve("rank-0"), path.resolve("rank-1"));
        List<byte[]> contents = List.of(Files.readAllBytes(files.get(0)), Files.readAllBytes(files.get(1)));
        int errors = 0;
        for (int round = 0; round < rounds; round++) {
            int which = random.nextInt(4);
            if (which < 2) {
                resign(manifest, mutated(random, body));
            } else {
                Files.write(files.get(which - 2), mutated(random, contents.get(which - 2)));
            }
            try {
                SmallCheckpoint.read(path);
                ShardedCheckpoint.open(path).verify();
            } catch (InvalidCheckpointException e) {
                assertThat(e.getMessage()).contains("path=" + path);
                errors++;
            }
            if (which < 2) {
                Files.write(manifest, whole);
            } else {
                Files.write(files.get(which - 2), contents.get(which - 2));
            }
        }
        assertThat(errors).isGreaterThan(rounds / 2);
    }

    private static byte[] mutated(Random random, byte[] bytes) {
        byte[] changed = bytes.clone();
        switch (random.nextInt(5)) {
            case 0 -> changed[random.nextInt(changed.length)] ^= (byte) (1 << random.nextInt(8));
            case 1 -> changed = java.util.Arrays.copyOf(changed, random.nextInt(changed.length));
            case 2 -> {
                // Digits of numbers, which JSON reads.
                for (int tries = 0; tries < 50; tries++) {
                    int at = random.nextInt(changed.length);
                    if (changed[at] >= '0' && changed[at] <= '9') {
                        changed[at] = (byte) ('0' + random.nextInt(10));
                        break;
                    }
                }
            }
            case 3 -> {
                int from = random.nextInt(changed.length);
                int to = random.nextInt(changed.length);
                int length = Math.min(random.nextInt(40), changed.length - Math.max(from, to));
                System.arraycopy(bytes, from, changed, to, length);
            }
            default -> {
                int at = random.nextInt(changed.length);
                byte[] longer = java.util.Arrays.copyOf(changed, changed.length + 1);
                System.arraycopy(changed, at, longer, at + 1, changed.length - at);
                longer[at] = "0123456789{}[],\"-e.".getBytes(StandardCharsets.US_ASCII)[random.nextInt(19)];
                changed = longer;
            }
        }
        return changed;
    }
}
