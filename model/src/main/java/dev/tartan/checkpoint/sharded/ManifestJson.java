package dev.tartan.checkpoint.sharded;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.tartan.checkpoint.InvalidCheckpointException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/** The JSON of a manifest, without what stands around it in its file. */
final class ManifestJson {
    private static final ObjectMapper JSON = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private ManifestJson() {}

    static byte[] toBytes(Manifest manifest) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (JsonGenerator json = JSON.createGenerator(bytes).setCodec(JSON)) {
            json.writeStartObject();
            json.writeNumberField("step", manifest.step());
            json.writeStringField("time", manifest.time());
            json.writeObjectField("run", manifest.run());
            json.writeObjectField("progress", manifest.progress());
            json.writeNumberField("blockBytes", BlockChecksums.BLOCK_BYTES);
            Map<String, Integer> places = new HashMap<>();
            json.writeArrayFieldStart("files");
            for (ShardFile file : manifest.files()) {
                places.put(file.name(), places.size());
                json.writeStartObject();
                json.writeStringField("name", file.name());
                json.writeNumberField("bytes", file.bytes());
                json.writeStringField("crc32c", file.checksums().encoded());
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeArrayFieldStart("tensors");
            for (StoredTensor tensor : manifest.tensors()) {
                write(json, tensor, places);
            }
            json.writeEndArray();
            json.writeEndObject();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    private static void write(JsonGenerator json, StoredTensor tensor, Map<String, Integer> places) throws IOException {
        json.writeStartObject();
        json.writeStringField("name", tensor.name());
        json.writeStringField("kind", tensor.kind());
        json.writeStringField("parameter", tensor.parameter());
        json.writeStringField("dtype", tensor.type().name());
        write(json, "shape", tensor.shape().dims());
        write(json, "view", tensor.view().dims());
        json.writeStringField("layout", tensor.layout());
        json.writeArrayFieldStart("boxes");
        for (StoredBox box : tensor.boxes()) {
            Integer file = places.get(box.file());
            if (file == null) {
                throw new IllegalArgumentException(
                        "box is in no file of the checkpoint: tensor=" + tensor.name() + ", file=" + box.file() + ".");
            }
            json.writeStartObject();
            json.writeNumberField("file", file);
            write(json, "start", box.slice().starts());
            write(json, "size", box.slice().sizes());
            json.writeEndObject();
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    private static void write(JsonGenerator json, String name, long[] values) throws IOException {
        json.writeFieldName(name);
        json.writeArray(values, 0, values.length);
    }

    /**
     * Reads a manifest and checks all that can be checked without its files.
     *
     * @throws InvalidCheckpointException if it is not JSON, lacks something, or says what cannot be
     */
    static Manifest parse(Path path, ByteBuffer body) {
        Map<String, Object> fields;
        try {
            fields = JSON.readValue(
                    new ByteArrayInputStream(body.array(), body.arrayOffset(), body.remaining()),
                    new TypeReference<>() {});
        } catch (JsonProcessingException e) {
            String[] lines = e.getOriginalMessage().split("\\R", 2);
            throw ManifestFile.invalid(path, 0, "is not JSON: reason=" + lines[0], e);
        } catch (IOException e) {
            throw ManifestFile.invalid(path, 0, "is not JSON: reason=" + e.getMessage(), e);
        }
        if (fields == null) {
            throw ManifestFile.invalid(path, 0, "is not a JSON object", null);
        }
        return new ManifestChecks(path).manifest(fields);
    }
}
