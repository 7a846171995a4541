package dev.tartan.spark.drill;

import dev.tartan.checkpoint.sharded.CheckpointFolder;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/** Damages the newest checkpoint of a local folder. Used by one thread at a time. */
final class CheckpointDamage {
    private final Path folder;
    private final Random random;

    CheckpointDamage(Path folder, long seed) {
        this.folder = folder;
        this.random = new Random(seed);
    }

    /** Turns over a bit of a file, cuts one, or removes one; and says which. */
    String damage() {
        List<ShardedCheckpoint> all = new CheckpointFolder(folder).list(problem -> {});
        if (all.isEmpty()) {
            return "there was no checkpoint";
        }
        Path checkpoint = all.get(0).folder();
        try (Stream<Path> listed = Files.list(checkpoint)) {
            // Hadoop's checksums of files are none of Tartan's.
            List<Path> files = listed.filter(
                            file -> !String.valueOf(file.getFileName()).startsWith("."))
                    .sorted()
                    .toList();
            Path file = files.get(random.nextInt(files.size()));
            return checkpoint.getFileName() + "/" + file.getFileName() + " " + damage(file);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private String damage(Path file) throws IOException {
        int how = random.nextInt(3);
        if (how == 0) {
            Files.delete(file);
            return "removed";
        }
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            long at = (long) (random.nextDouble() * channel.size());
            if (how == 1) {
                channel.truncate(at);
                return "cut to " + at + " bytes";
            }
            ByteBuffer one = ByteBuffer.allocate(1);
            channel.read(one, at);
            one.put(0, (byte) (one.get(0) ^ 1 << random.nextInt(Byte.SIZE)));
            channel.write(one.flip(), at);
            return "changed at byte " + at;
        }
    }
}
