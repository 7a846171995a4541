package dev.tartan.checkpoint.sharded;

import dev.tartan.checkpoint.InvalidCheckpointException;
import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Makes a manifest of JSON that anybody may have written: whatever it says of sizes, names and places holds together
 * before a file is opened or memory taken for it.
 */
final class ManifestChecks {
    /** A plain name: nothing that leads out of the folder. */
    private static final Pattern FILE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._-]{0,199}");

    private static final int MAX_DIMS = 32;

    private final Path path;

    ManifestChecks(Path path) {
        this.path = path;
    }

    Manifest manifest(Map<String, Object> fields) {
        if (number(fields, "blockBytes", "") != BlockChecksums.BLOCK_BYTES) {
            throw wrong("blockBytes is not " + BlockChecksums.BLOCK_BYTES, null);
        }
        List<ShardFile> files = new ArrayList<>();
        Set<String> names = new HashSet<>();
        for (Object file : list(fields, "files", "")) {
            ShardFile read = file(object(file, "files"));
            if (!names.add(read.name()) || read.name().equals(ManifestDescriptor.FILE)) {
                throw wrong("file name is taken: name=" + read.name(), null);
            }
            files.add(read);
        }
        List<StoredTensor> tensors = new ArrayList<>();
        Set<String> tensorNames = new HashSet<>();
        for (Object tensor : list(fields, "tensors", "")) {
            StoredTensor read = tensor(object(tensor, "tensors"), files);
            if (!tensorNames.add(read.name())) {
                throw wrong("tensor is there twice: tensor=" + read.name(), null);
            }
            tensors.add(read);
        }
        return new Manifest(
                number(fields, "step", ""),
                text(fields, "time", ""),
                object(fields.get("run"), "run"),
                object(fields.get("progress"), "progress"),
                files,
                tensors);
    }

    private ShardFile file(Map<String, Object> fields) {
        String name = text(fields, "name", "files");
        if (!FILE_NAME.matcher(name).matches()) {
            throw wrong("file has no plain name: name=" + name, null);
        }
        long bytes = number(fields, "bytes", name);
        BlockChecksums sums;
        try {
            sums = BlockChecksums.decoded(text(fields, "crc32c", name));
        } catch (IllegalArgumentException e) {
            throw wrong("checksums cannot be read: file=" + name, e);
        }
        if (sums.numBlocks() != BlockChecksums.numBlocks(bytes)) {
            throw wrong(
                    "file has not one checksum for each block: file=" + name + ", bytes=" + bytes + ", checksums="
                            + sums.numBlocks(),
                    null);
        }
        return new ShardFile(name, bytes, sums);
    }

    private StoredTensor tensor(Map<String, Object> fields, List<ShardFile> files) {
        String name = text(fields, "name", "tensors");
        SafetensorsType type;
        try {
            type = SafetensorsType.valueOf(text(fields, "dtype", name));
        } catch (IllegalArgumentException e) {
            throw wrong("tensor has an unknown type: tensor=" + name + ", dtype=" + fields.get("dtype"), e);
        }
        Shape shape = Shape.shape(longs(fields, "shape", name));
        Shape view = Shape.shape(longs(fields, "view", name));
        List<StoredBox> boxes = new ArrayList<>();
        try {
            Math.multiplyExact(shape.numElements(), (long) type.bytes());
            long inBoxes = 0;
            for (Object each : list(fields, "boxes", name)) {
                StoredBox box = box(object(each, name), name, files);
                if (!box.slice().isWithin(view)) {
                    throw wrong(
                            "box is not within its tensor: tensor=" + name + ", box=" + box.slice() + ", view=" + view,
                            null);
                }
                inBoxes = Math.addExact(inBoxes, box.slice().numElements());
                boxes.add(box);
            }
            if (view.numElements() != shape.numElements() || inBoxes != shape.numElements()) {
                throw wrong(
                        "tensor has several numbers of elements: tensor=" + name + ", shape=" + shape + ", view=" + view
                                + ", inBoxes=" + inBoxes,
                        null);
            }
        } catch (ArithmeticException e) {
            throw wrong("tensor is impossibly large: tensor=" + name + ", shape=" + shape, e);
        } catch (InvalidCheckpointException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw wrong("tensor is impossibly large: tensor=" + name + ", shape=" + shape + ", view=" + view, e);
        }
        return new StoredTensor(
                name,
                text(fields, "kind", name),
                text(fields, "parameter", name),
                type,
                shape,
                view,
                text(fields, "layout", name),
                boxes);
    }

    private StoredBox box(Map<String, Object> fields, String tensor, List<ShardFile> files) {
        long file = number(fields, "file", tensor);
        if (file >= files.size()) {
            throw wrong("box is in no file: tensor=" + tensor + ", file=" + file + ", files=" + files.size(), null);
        }
        long[] starts = longs(fields, "start", tensor);
        long[] sizes = longs(fields, "size", tensor);
        if (starts.length != sizes.length) {
            throw wrong("box has differing dims: tensor=" + tensor, null);
        }
        return new StoredBox(files.get((int) file).name(), TensorSlice.of(starts, sizes));
    }

    private long[] longs(Map<String, Object> fields, String key, String of) {
        List<?> values = list(fields, key, of);
        if (values.size() > MAX_DIMS) {
            throw wrong("has too many dims: key=" + key + ", of=" + of + ", dims=" + values.size(), null);
        }
        return values.stream().mapToLong(value -> number(value, key, of)).toArray();
    }

    private long number(Map<String, Object> fields, String key, String of) {
        return number(fields.get(key), key, of);
    }

    private long number(@Nullable Object value, String key, String of) {
        long number = value instanceof Integer || value instanceof Long ? ((Number) value).longValue() : -1;
        if (number < 0) {
            throw wrong("lacks a whole number of 0 or more: key=" + key + ", of=" + of + ", value=" + value, null);
        }
        return number;
    }

    private String text(Map<String, Object> fields, String key, String of) {
        if (fields.get(key) instanceof String text) {
            return text;
        }
        throw wrong("lacks a text: key=" + key + ", of=" + of + ", value=" + fields.get(key), null);
    }

    private List<?> list(Map<String, Object> fields, String key, String of) {
        if (fields.get(key) instanceof List<?> values) {
            return values;
        }
        throw wrong("lacks a list: key=" + key + ", of=" + of, null);
    }

    @SuppressWarnings("unchecked") // Keys of a JSON object are texts.
    private Map<String, Object> object(@Nullable Object value, String of) {
        if (value instanceof Map<?, ?> fields) {
            return (Map<String, Object>) fields;
        }
        throw wrong("lacks an object: of=" + of, null);
    }

    private InvalidCheckpointException wrong(String fact, @Nullable Throwable cause) {
        return ManifestFile.invalid(path, 0, "says what cannot be: " + fact, cause);
    }
}
