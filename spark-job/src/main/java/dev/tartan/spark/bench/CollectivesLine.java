package dev.tartan.spark.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.collective.CollectiveOp;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was measured of one algorithm at one size.
 *
 * @param plan what was asked for
 * @param algorithm that ran
 * @param bytes of payload
 * @param medianMicros time of a call in microseconds
 */
record CollectivesLine(CollectivesPlan plan, String algorithm, int bytes, double medianMicros) {
    private static final ObjectMapper MAPPER = new ObjectMapper();

    /** The line of JSON. */
    String json() {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("op", plan.op().label());
        line.put("transport", plan.transport().label());
        line.put("algorithm", algorithm);
        line.put("ranks", plan.numRanks());
        if (plan.numProcesses() > 1 && plan.ranksPerProcess() > 1) {
            line.put("processes", plan.numProcesses());
        }
        line.put("bytes", bytes);
        line.put("median_us", rounded(medianMicros, 10));
        if (plan.op() != CollectiveOp.BARRIER) {
            line.put("busbw_GBps", rounded(bytes / medianMicros / 1e3 * plan.busFactor(), 1000));
        }
        return write(line);
    }

    private static String write(Map<String, ?> line) {
        try {
            return MAPPER.writeValueAsString(line);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("line cannot be written: " + line + ". Report this.", e);
        }
    }

    private static double rounded(double value, double perUnit) {
        return Math.round(value * perUnit) / perUnit;
    }
}
