package dev.tartan.spark.bench;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.tartan.collective.CollectiveOp;
import dev.tartan.collective.algorithm.CostModel;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * What was measured of one algorithm at one size.
 *
 * @param plan what was asked for
 * @param algorithm that ran
 * @param bytes of payload
 * @param medianMicros time of a call in microseconds
 * @param expectedMicros what the cost model says of each algorithm of the op; empty without one
 */
record CollectivesLine(
        CollectivesPlan plan, String algorithm, int bytes, double medianMicros, Map<String, Double> expectedMicros) {
    private static final ObjectMapper MAPPER = new ObjectMapper();
    private static final double MIB = 1 << 20;

    /** The line of JSON. */
    String json() {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("op", plan.op().label());
        line.put("transport", plan.transport().label());
        line.put("algorithm", algorithm);
        line.put("ranks", plan.numRanks());
        line.put("bytes", bytes);
        line.put("median_us", rounded(medianMicros, 10));
        if (plan.op() != CollectiveOp.BARRIER) {
            line.put("busbw_GBps", rounded(bytes / medianMicros / 1e3 * plan.busFactor(), 1000));
        }
        if (!expectedMicros.isEmpty()) {
            Map<String, Double> expected = new LinkedHashMap<>();
            expectedMicros.forEach((name, micros) -> expected.put(name, rounded(micros, 10)));
            line.put("expected_us", expected);
        }
        return write(line);
    }

    /** The line of JSON about what messages cost. */
    static String json(CostModel costs) {
        Map<String, Double> line = new LinkedHashMap<>();
        line.put("alpha_us", rounded(costs.alphaMicros(), 100));
        line.put("beta_us_per_MiB", rounded(costs.betaMicrosPerByte() * MIB, 100));
        line.put("gamma_us_per_MiB", rounded(costs.gammaMicrosPerByte() * MIB, 100));
        return write(Map.of("costs", line));
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
