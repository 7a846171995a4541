package dev.tartan.checkpoint;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.core.type.TypeReference;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Reads the small JSON files that lie beside a checkpoint: {@code config.json} and {@code *.index.json}. Values are
 * text, numbers, booleans, null, lists and maps. Names given twice are refused; NaN and Infinity are read, since Python
 * writes them.
 */
public final class JsonFile {
    private static final long MAX_BYTES = SafetensorsDescriptor.MAX_HEADER_BYTES;

    private static final ObjectMapper MAPPER = JsonMapper.builder()
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .enable(JsonReadFeature.ALLOW_NON_NUMERIC_NUMBERS)
            .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
            .build();

    private JsonFile() {}

    /**
     * The fields of the object that a file holds, in the order of the file.
     *
     * @throws InvalidCheckpointException if the file is missing, unreadable, or not one JSON object
     */
    public static Map<String, Object> readObject(Path path) {
        if (!Files.exists(path)) {
            throw new InvalidCheckpointException("JSON file is missing: path=" + path + ". Check the path.");
        }
        try {
            long bytes = Files.size(path);
            if (bytes > MAX_BYTES) {
                throw invalid(path, "too large: bytes=" + bytes + ", maxBytes=" + MAX_BYTES, null);
            }
            Map<String, Object> fields = MAPPER.readValue(Files.readAllBytes(path), new TypeReference<>() {});
            if (fields == null) {
                throw invalid(path, "not a JSON object", null);
            }
            return fields;
        } catch (JsonProcessingException e) {
            throw invalid(path, oneLine(e.getOriginalMessage()), e);
        } catch (IOException e) {
            String reason = e.getMessage() == null ? e.getClass().getSimpleName() : oneLine(e.getMessage());
            throw new InvalidCheckpointException(
                    "JSON file cannot be read: path=" + path + ", reason=" + reason + ". Check the file and its disk.",
                    e);
        }
    }

    private static String oneLine(String message) {
        return message.lines().findFirst().orElse("");
    }

    private static InvalidCheckpointException invalid(Path path, String reason, @Nullable Exception cause) {
        return new InvalidCheckpointException(
                "JSON file is not valid: path=" + path + ", reason=" + reason + ". Download or write it again.", cause);
    }
}
