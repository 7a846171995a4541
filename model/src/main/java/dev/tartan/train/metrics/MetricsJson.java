package dev.tartan.train.metrics;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonSerializer;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializerProvider;
import com.fasterxml.jackson.databind.module.SimpleModule;
import java.io.IOException;

/** How metrics become JSON: a number is a number, and null where it is NaN or infinite, which JSON does not know. */
final class MetricsJson {
    private MetricsJson() {}

    static ObjectMapper mapper() {
        SimpleModule module = new SimpleModule();
        module.addSerializer(Double.class, new NumberOrNull());
        module.addSerializer(Double.TYPE, new NumberOrNull());
        return new ObjectMapper().registerModule(module);
    }

    private static final class NumberOrNull extends JsonSerializer<Double> {
        @Override
        public void serialize(Double value, JsonGenerator json, SerializerProvider provider) throws IOException {
            if (Double.isFinite(value)) {
                json.writeNumber(value);
            } else {
                json.writeNull();
            }
        }
    }
}
