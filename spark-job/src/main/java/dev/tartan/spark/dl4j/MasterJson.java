package dev.tartan.spark.dl4j;

import dev.tartan.spark.ml.ChosenStrategy;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.nd4j.shade.jackson.core.JsonProcessingException;
import org.nd4j.shade.jackson.databind.ObjectMapper;
import org.nd4j.shade.jackson.databind.SerializationFeature;
import org.nd4j.shade.jackson.dataformat.yaml.YAMLFactory;

/** Settings of a master as text, by the Jackson that DL4J brings. */
final class MasterJson {
    private static final ObjectMapper JSON = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    private static final ObjectMapper YAML = new ObjectMapper(new YAMLFactory());

    private MasterJson() {}

    /**
     * Checks settings.
     *
     * @throws IllegalArgumentException naming all that cannot be used
     */
    static void check(MeshSettings s) {
        List<String> mistakes = new ArrayList<>();
        if (s.data() < 1 || s.model() < 1) {
            mistakes.add("mesh has no sizes of 1 or more: data=" + s.data() + ", model=" + s.model()
                    + ". Call mesh(data, model).");
        }
        if (!ChosenStrategy.WORDS.contains(s.strategy())) {
            mistakes.add("zeroStage is not known: strategy=" + s.strategy() + ". Give 0 to 3.");
        }
        if (s.batchSizePerWorker() < 1 || s.microBatches() < 1) {
            mistakes.add("batch has no examples: batchSizePerWorker=" + s.batchSizePerWorker() + ", microBatches="
                    + s.microBatches() + ". Give 1 or more of each.");
        }
        if (s.checkpointEverySteps() < 0
                || (s.checkpointEverySteps() > 0 && s.checkpointDirectory().isEmpty())) {
            mistakes.add("checkpoints have no place or a negative interval: checkpointEverySteps="
                    + s.checkpointEverySteps() + ", checkpointDirectory='" + s.checkpointDirectory()
                    + "'. Give checkpointDirectory, and 0 or more steps.");
        }
        if (!mistakes.isEmpty()) {
            throw new IllegalArgumentException("MeshTrainingMaster cannot be built: mistakes=" + mistakes.size()
                    + "\n  " + String.join("\n  ", mistakes));
        }
    }

    private static Map<String, Object> fields(MeshSettings s) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("rddDataSetNumExamples", s.dataSetExamples());
        fields.put("data", s.data());
        fields.put("model", s.model());
        fields.put("strategy", s.strategy());
        fields.put("batchSizePerWorker", s.batchSizePerWorker());
        fields.put("microBatches", s.microBatches());
        fields.put("checkpointDirectory", s.checkpointDirectory());
        fields.put("checkpointEverySteps", s.checkpointEverySteps());
        fields.put("shuffleSeed", s.shuffleSeed());
        fields.put("dropLast", s.dropLast());
        fields.put("correct", s.correct());
        return fields;
    }

    static String write(MeshSettings settings) {
        return write(JSON, settings);
    }

    static String writeYaml(MeshSettings settings) {
        return write(YAML, settings);
    }

    private static String write(ObjectMapper mapper, MeshSettings settings) {
        try {
            return mapper.writeValueAsString(fields(settings));
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    static MeshSettings read(String json) {
        Map<?, ?> fields;
        try {
            fields = JSON.readValue(json, Map.class);
        } catch (JsonProcessingException e) {
            throw new IllegalArgumentException(
                    "text is not the JSON of a MeshTrainingMaster: reason=" + e.getOriginalMessage()
                            + ". Give what toJson wrote.",
                    e);
        }
        try {
            MeshSettings settings = new MeshSettings(
                    number(fields, "rddDataSetNumExamples").intValue(),
                    number(fields, "data").intValue(),
                    number(fields, "model").intValue(),
                    (String) field(fields, "strategy"),
                    number(fields, "batchSizePerWorker").intValue(),
                    number(fields, "microBatches").intValue(),
                    (String) field(fields, "checkpointDirectory"),
                    number(fields, "checkpointEverySteps").intValue(),
                    number(fields, "shuffleSeed").longValue(),
                    (Boolean) field(fields, "dropLast"),
                    (Boolean) field(fields, "correct"));
            check(settings);
            return settings;
        } catch (ClassCastException e) {
            throw new IllegalArgumentException(
                    "JSON of a MeshTrainingMaster has a field of another type: fields=" + fields
                            + ". Give what toJson wrote.",
                    e);
        }
    }

    private static Number number(Map<?, ?> fields, String name) {
        return (Number) field(fields, name);
    }

    private static Object field(Map<?, ?> fields, String name) {
        Object value = fields.get(name);
        if (value == null) {
            throw new IllegalArgumentException("JSON of a MeshTrainingMaster lacks a field: field=" + name + ", fields="
                    + fields.keySet() + ". Give what toJson wrote.");
        }
        return value;
    }
}
