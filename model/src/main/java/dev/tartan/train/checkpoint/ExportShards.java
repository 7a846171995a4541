package dev.tartan.train.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.util.DefaultIndenter;
import com.fasterxml.jackson.core.util.DefaultPrettyPrinter;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.checkpoint.SafetensorsType;
import dev.tartan.checkpoint.sharded.StoredTensor;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * Which tensors go into which file of an export, and what the files are called: in their order, as many into each as
 * its size allows, as Hugging Face's libraries do it.
 *
 * <p>Example, tensors of 3, 3 and 9 GB in shards of 5 GB: three files; of 1, 2 and 9 GB: two.
 */
final class ExportShards {
    static final String INDEX_FILE = "model.safetensors.index.json";

    private static final ObjectMapper JSON = new ObjectMapper();

    private final SafetensorsType type;
    private final List<Map<String, StoredTensor>> shards;

    private ExportShards(SafetensorsType type, List<Map<String, StoredTensor>> shards) {
        this.type = type;
        this.shards = shards;
    }

    static ExportShards of(Map<String, StoredTensor> tensors, SafetensorsType type, long maxBytes) {
        List<Map<String, StoredTensor>> shards = new ArrayList<>();
        Map<String, StoredTensor> shard = new LinkedHashMap<>();
        long bytes = 0;
        for (Map.Entry<String, StoredTensor> tensor : tensors.entrySet()) {
            long more = bytes(tensor.getValue(), type);
            if (!shard.isEmpty() && more > maxBytes - bytes) {
                shards.add(shard);
                shard = new LinkedHashMap<>();
                bytes = 0;
            }
            shard.put(tensor.getKey(), tensor.getValue());
            bytes += more;
        }
        shards.add(shard);
        return new ExportShards(type, shards);
    }

    private static long bytes(StoredTensor tensor, SafetensorsType type) {
        return Math.multiplyExact(tensor.shape().numElements(), (long) type.bytes());
    }

    /**
     * Makes sure that nothing is there that a loader might take for a part of the export.
     *
     * @throws IllegalArgumentException if a file is
     */
    static void refuseEarlier(Path folder) throws IOException {
        List<String> found = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(folder)) {
            for (Path entry : entries) {
                String name = String.valueOf(entry.getFileName());
                if (name.endsWith(".safetensors") || name.endsWith(".safetensors.index.json")) {
                    found.add(name);
                }
            }
        }
        if (!found.isEmpty()) {
            Collections.sort(found);
            throw new IllegalArgumentException("folder has safetensors files already: path=" + folder + ", found="
                    + found.get(0) + (found.size() > 1 ? " and " + (found.size() - 1) + " more" : "")
                    + ". Give another folder, or remove them.");
        }
    }

    int count() {
        return shards.size();
    }

    String fileName(int shard) {
        return shards.size() == 1
                ? "model.safetensors"
                : String.format(Locale.ROOT, "model-%05d-of-%05d.safetensors", shard + 1, shards.size());
    }

    Map<String, StoredTensor> tensors(int shard) {
        return shards.get(shard);
    }

    /** The index: JSON in Python's layout, names in alphabetical order. */
    byte[] index() {
        Map<String, String> files = new TreeMap<>();
        long total = 0;
        for (int shard = 0; shard < shards.size(); shard++) {
            for (Map.Entry<String, StoredTensor> tensor : shards.get(shard).entrySet()) {
                files.put(tensor.getKey(), fileName(shard));
                total += bytes(tensor.getValue(), type);
            }
        }
        Map<String, Object> index = new LinkedHashMap<>();
        index.put("metadata", Map.of("total_size", total));
        index.put("weight_map", files);
        try {
            DefaultPrettyPrinter printer = new DefaultPrettyPrinter();
            printer.indentObjectsWith(new DefaultIndenter("  ", "\n"));
            return (JSON.writer(printer).writeValueAsString(index) + "\n").getBytes(StandardCharsets.UTF_8);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }
}
