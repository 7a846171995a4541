package dev.tartan.spark.cli;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.sharded.Manifest;
import dev.tartan.checkpoint.sharded.ShardFile;
import dev.tartan.checkpoint.sharded.ShardedCheckpoint;
import dev.tartan.checkpoint.sharded.StoredBox;
import dev.tartan.checkpoint.sharded.StoredTensor;
import java.io.PrintStream;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Checkpoints for people to read. */
final class CheckpointInspection {
    private CheckpointInspection() {}

    /** Prints all of a checkpoint, or a line for each of several. */
    static void print(CheckpointChoice choice, PrintStream out) {
        List<Path> folders = choice.isCheckpoint() ? List.of() : choice.folder().folders();
        if (folders.size() > 1) {
            printAll(folders, out);
        } else {
            print(choice.open(out), out);
        }
    }

    private static void printAll(List<Path> folders, PrintStream out) {
        TextTable table = new TextTable("checkpoint", "step", "time", "bytes", "").toTheLeft(0, 4);
        for (Path folder : folders) {
            String name = String.valueOf(folder.getFileName());
            try {
                ShardedCheckpoint checkpoint = ShardedCheckpoint.open(folder);
                Manifest manifest = checkpoint.manifest();
                table.row(
                        name,
                        TextTable.format("%,d", manifest.step()),
                        clean(manifest.time()),
                        ByteSize.text(manifest.bytes()),
                        state(checkpoint));
            } catch (InvalidCheckpointException e) {
                table.row(name, "", "", "", "not whole: " + e.getMessage());
            }
        }
        table.print(out);
    }

    private static String state(ShardedCheckpoint checkpoint) {
        try {
            checkpoint.checkLengths();
            return "whole";
        } catch (InvalidCheckpointException e) {
            return "not whole: " + e.getMessage();
        }
    }

    private static void print(ShardedCheckpoint checkpoint, PrintStream out) {
        Manifest manifest = checkpoint.manifest();
        TextTable facts = new TextTable("checkpoint", checkpoint.folder().toString()).toTheLeft(0, 1);
        facts.row("step", TextTable.format("%,d", manifest.step()));
        facts.row("time", clean(manifest.time()));
        manifest.run().forEach((key, value) -> facts.row(clean(key), text(value)));
        facts.row("progress", text(manifest.progress()));
        facts.print(out);
        out.println();
        files(manifest).print(out);
        out.println();
        tensors(manifest).print(out);
        out.println();
        out.println(total(manifest));
        String state = state(checkpoint);
        out.println(state.equals("whole") ? "all files are there; verify reads them" : state);
    }

    private static TextTable files(Manifest manifest) {
        TextTable table = new TextTable("file", "bytes", "boxes").toTheLeft(0);
        Map<String, Long> boxes = manifest.tensors().stream()
                .flatMap(tensor -> tensor.boxes().stream())
                .collect(Collectors.groupingBy(StoredBox::file, Collectors.counting()));
        for (ShardFile file : manifest.files()) {
            table.row(
                    file.name(),
                    TextTable.format("%,d", file.bytes()),
                    TextTable.format("%,d", boxes.getOrDefault(file.name(), 0L)));
        }
        return table;
    }

    private static TextTable tensors(Manifest manifest) {
        TextTable table = new TextTable("tensor", "kind", "dtype", "shape", "layout", "boxes", "bytes")
                .toTheLeft(0, 1, 2, 3, 4, 5);
        for (StoredTensor tensor : manifest.tensors()) {
            table.row(
                    clean(tensor.name()),
                    clean(tensor.kind()),
                    tensor.type().name(),
                    tensor.shape().toString(),
                    clean(tensor.layout()),
                    boxes(tensor),
                    TextTable.format("%,d", tensor.bytes()));
        }
        return table;
    }

    /** For example {@code 2 of [4, 3]}: how many, and their shape if they have the same. */
    private static String boxes(StoredTensor tensor) {
        List<String> shapes = tensor.boxes().stream()
                .map(box -> box.slice().shape().toString())
                .distinct()
                .toList();
        String count = Integer.toString(tensor.boxes().size());
        return shapes.size() == 1 ? count + " of " + shapes.get(0) : count;
    }

    private static String total(Manifest manifest) {
        Map<String, Long> kinds = new LinkedHashMap<>();
        manifest.tensors().forEach(tensor -> kinds.merge(clean(tensor.kind()), tensor.bytes(), Long::sum));
        return summary(manifest)
                + kinds.entrySet().stream()
                        .map(kind -> kind.getKey() + " " + ByteSize.text(kind.getValue()))
                        .collect(Collectors.joining(", ", ": ", ""));
    }

    private static String summary(Manifest manifest) {
        return String.format(
                Locale.ROOT,
                "%,d files, %,d tensors, %s",
                manifest.files().size(),
                manifest.tensors().size(),
                ByteSize.text(manifest.bytes()));
    }

    /**
     * Reads all bytes of a checkpoint.
     *
     * @param verb what has then been done, for the line about it
     * @throws InvalidCheckpointException naming the first file that is not as it was written, and where
     */
    static void verify(ShardedCheckpoint checkpoint, String verb, PrintStream out) {
        Manifest manifest = checkpoint.manifest();
        checkpoint.verify(new ByteProgress(out, "verified", manifest.bytes()));
        out.printf(
                Locale.ROOT, "%s: %s, step %,d, %s%n", verb, checkpoint.folder(), manifest.step(), summary(manifest));
    }

    private static String text(@Nullable Object value) {
        if (value instanceof Map<?, ?> fields) {
            return fields.entrySet().stream()
                    .map(field -> clean(String.valueOf(field.getKey())) + "="
                            + (field.getValue() instanceof Map<?, ?>
                                    ? "{" + text(field.getValue()) + "}"
                                    : text(field.getValue())))
                    .collect(Collectors.joining(", "));
        }
        return clean(String.valueOf(value));
    }

    /** A manifest is data from elsewhere, and control characters might be commands to the terminal. */
    private static String clean(String text) {
        return text.replaceAll("\\p{Cntrl}", "\ufffd");
    }
}
