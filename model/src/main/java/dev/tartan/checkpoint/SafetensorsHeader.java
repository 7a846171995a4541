package dev.tartan.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonParseException;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.tartan.mesh.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The JSON header of a safetensors file.
 *
 * @param tensors every tensor by name, in the order of their data
 * @param metadata free text about the file
 */
public record SafetensorsHeader(Map<String, SafetensorsEntry> tensors, Map<String, String> metadata) {
    private static final JsonFactory JSON = JsonFactory.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    /**
     * Reads a header.
     *
     * @throws InvalidCheckpointException if it is not JSON, not a header, or does not fit {@code dataBytes} exactly
     */
    public static SafetensorsHeader parse(Path path, byte[] json, long dataBytes) {
        List<SafetensorsEntry> entries = new ArrayList<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser parser = JSON.createParser(json)) {
            if (parser.nextToken() != JsonToken.START_OBJECT) {
                throw corrupt(path, "header is not a JSON object", null);
            }
            while (parser.nextToken() == JsonToken.FIELD_NAME) {
                String name = parser.currentName();
                if (name.equals(SafetensorsDescriptor.METADATA_KEY)) {
                    parseMetadata(path, parser, metadata);
                } else {
                    entries.add(parseEntry(path, parser, name));
                }
            }
            if (parser.nextToken() != null) {
                throw corrupt(path, "header has text after its JSON object", null);
            }
        } catch (JsonParseException e) {
            throw corrupt(path, "header is not valid JSON: " + e.getOriginalMessage(), e);
        } catch (JsonProcessingException e) {
            throw corrupt(path, "header is not valid: " + e.getOriginalMessage(), e);
        } catch (IOException e) {
            // Text that is not UTF-8 comes as a plain IOException.
            throw corrupt(path, "header is not valid: " + e.getMessage(), e);
        }
        return new SafetensorsHeader(inDataOrder(path, entries, dataBytes), metadata);
    }

    private static void parseMetadata(Path path, JsonParser parser, Map<String, String> metadata) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw corrupt(path, SafetensorsDescriptor.METADATA_KEY + " is not a JSON object", null);
        }
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw corrupt(path, SafetensorsDescriptor.METADATA_KEY + " '" + key + "' is not text", null);
            }
            metadata.put(key, parser.getText());
        }
    }

    private static SafetensorsEntry parseEntry(Path path, JsonParser parser, String name) throws IOException {
        if (parser.nextToken() != JsonToken.START_OBJECT) {
            throw corrupt(path, "tensor '" + name + "' is not described by a JSON object", null);
        }
        @Nullable SafetensorsType type = null;
        long @Nullable [] dims = null;
        long @Nullable [] offsets = null;
        while (parser.nextToken() == JsonToken.FIELD_NAME) {
            String key = parser.currentName();
            parser.nextToken();
            switch (key) {
                case SafetensorsDescriptor.DTYPE_KEY -> type = parseType(path, parser, name);
                case SafetensorsDescriptor.SHAPE_KEY -> dims = parseLongs(path, parser, name, key);
                case SafetensorsDescriptor.OFFSETS_KEY -> offsets = parseLongs(path, parser, name, key);
                default -> throw corrupt(path, "tensor '" + name + "' has an unknown field '" + key + "'", null);
            }
        }
        if (type == null || dims == null || offsets == null) {
            throw corrupt(path, "tensor '" + name + "' lacks one of dtype, shape, data_offsets", null);
        }
        if (offsets.length != 2 || offsets[0] > offsets[1]) {
            throw corrupt(path, "tensor '" + name + "' has bad data_offsets " + Arrays.toString(offsets), null);
        }
        return entry(path, name, type, Shape.shape(dims), offsets[0], offsets[1] - offsets[0]);
    }

    private static SafetensorsEntry entry(
            Path path, String name, SafetensorsType type, Shape shape, long offset, long bytes) {
        long expected;
        try {
            expected = Math.multiplyExact(shape.numElements(), (long) type.bytes());
        } catch (ArithmeticException | IllegalArgumentException e) {
            throw corrupt(path, "tensor '" + name + "' is impossibly large: shape=" + shape, e);
        }
        if (expected != bytes) {
            throw corrupt(
                    path,
                    "tensor '" + name + "' has a size that does not match its shape: dtype=" + type + ", shape=" + shape
                            + ", expectedBytes=" + expected + ", bytes=" + bytes,
                    null);
        }
        return new SafetensorsEntry(name, type, shape, offset, bytes);
    }

    private static SafetensorsType parseType(Path path, JsonParser parser, String name) throws IOException {
        String text = parser.currentToken() == JsonToken.VALUE_STRING ? parser.getText() : "";
        for (SafetensorsType type : SafetensorsType.values()) {
            if (type.name().equals(text)) {
                return type;
            }
        }
        throw corrupt(path, "tensor '" + name + "' has an unknown dtype '" + text + "'", null);
    }

    private static long[] parseLongs(Path path, JsonParser parser, String name, String key) throws IOException {
        List<Long> values = new ArrayList<>();
        boolean good = parser.currentToken() == JsonToken.START_ARRAY;
        while (good && parser.nextToken() != JsonToken.END_ARRAY) {
            good = parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER
                    && parser.getLongValue() >= 0;
            values.add(good ? parser.getLongValue() : 0L);
        }
        if (!good) {
            throw corrupt(
                    path, "tensor '" + name + "' has a bad " + key + ": not a list of integers of 0 or more", null);
        }
        return values.stream().mapToLong(Long::longValue).toArray();
    }

    private static Map<String, SafetensorsEntry> inDataOrder(
            Path path, List<SafetensorsEntry> entries, long dataBytes) {
        List<SafetensorsEntry> sorted = new ArrayList<>(entries);
        sorted.sort(Comparator.comparingLong(SafetensorsEntry::offset).thenComparingLong(SafetensorsEntry::bytes));
        Map<String, SafetensorsEntry> tensors = new LinkedHashMap<>();
        long end = 0;
        for (SafetensorsEntry entry : sorted) {
            if (entry.end() > dataBytes) {
                throw corrupt(
                        path,
                        "tensor '" + entry.name() + "' reaches past the end of the file: end=" + entry.end()
                                + ", dataBytes=" + dataBytes,
                        null);
            }
            if (entry.offset() != end) {
                String fact = entry.offset() < end ? "overlaps the tensor before it" : "leaves a hole before it";
                throw corrupt(
                        path,
                        "tensor '" + entry.name() + "' " + fact + ": offset=" + entry.offset() + ", expected=" + end,
                        null);
            }
            end = entry.end();
            tensors.put(entry.name(), entry);
        }
        if (end != dataBytes) {
            throw corrupt(
                    path, "data section has bytes of no tensor: dataBytes=" + dataBytes + ", tensorBytes=" + end, null);
        }
        return tensors;
    }

    /** The exception for a file that is no safetensors file any more, whose message says what is wrong with it. */
    public static InvalidCheckpointException corrupt(Path path, String fact, @Nullable Throwable cause) {
        return new InvalidCheckpointException(
                "safetensors file is corrupt: path=" + path + ", " + fact + ". Write or copy the file again.", cause);
    }

    /**
     * Where tensors go that are declared in some order: wide elements first, else in that order.
     *
     * @throws IllegalArgumentException if two tensors have one name
     */
    public static Map<String, SafetensorsEntry> layOut(List<TensorDeclaration> declarations) {
        List<TensorDeclaration> sorted = new ArrayList<>(declarations);
        // Wide elements first keeps every tensor aligned to its element size without holes, which are not allowed.
        sorted.sort(Comparator.comparing(
                (TensorDeclaration tensor) -> -tensor.type().bytes()));
        Map<String, SafetensorsEntry> tensors = new LinkedHashMap<>();
        long offset = 0;
        for (TensorDeclaration tensor : sorted) {
            long bytes = Math.multiplyExact(
                    tensor.shape().numElements(), (long) tensor.type().bytes());
            SafetensorsEntry entry = new SafetensorsEntry(tensor.name(), tensor.type(), tensor.shape(), offset, bytes);
            if (tensors.put(tensor.name(), entry) != null || tensor.name().equals(SafetensorsDescriptor.METADATA_KEY)) {
                throw new IllegalArgumentException("tensor name is taken: tensor=" + tensor.name()
                        + ". Give every tensor of a file its own name.");
            }
            offset = entry.end();
        }
        return tensors;
    }

    /** Bytes of all tensors. */
    public long dataBytes() {
        return tensors.values().stream().mapToLong(SafetensorsEntry::bytes).sum();
    }

    /** The header's JSON, padded with spaces. */
    public byte[] toBytes() {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes)) {
            json.writeStartObject();
            if (!metadata.isEmpty()) {
                json.writeObjectFieldStart(SafetensorsDescriptor.METADATA_KEY);
                for (Map.Entry<String, String> item : metadata.entrySet()) {
                    json.writeStringField(item.getKey(), item.getValue());
                }
                json.writeEndObject();
            }
            for (SafetensorsEntry entry : tensors.values()) {
                json.writeObjectFieldStart(entry.name());
                json.writeStringField(
                        SafetensorsDescriptor.DTYPE_KEY, entry.type().name());
                writeLongs(json, SafetensorsDescriptor.SHAPE_KEY, entry.shape().dims());
                writeLongs(json, SafetensorsDescriptor.OFFSETS_KEY, entry.offset(), entry.end());
                json.writeEndObject();
            }
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        byte[] unpadded = bytes.toByteArray();
        byte[] padded = Arrays.copyOf(unpadded, SafetensorsDescriptor.paddedHeaderBytes(unpadded.length));
        Arrays.fill(padded, unpadded.length, padded.length, (byte) ' ');
        return padded;
    }

    private static void writeLongs(JsonGenerator json, String field, long... values) throws IOException {
        json.writeArrayFieldStart(field);
        for (long value : values) {
            json.writeNumber(value);
        }
        json.writeEndArray();
    }
}
