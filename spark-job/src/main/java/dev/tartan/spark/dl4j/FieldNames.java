package dev.tartan.spark.dl4j;

import dev.tartan.dl4j.Dl4jNetwork;
import dev.tartan.network.BatchField;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How the arrays of DataSets are called in Tartan's batches, in the order in which {@link DataSetRows} gives them. */
final class FieldNames {
    private FieldNames() {}

    /**
     * The names of all arrays.
     *
     * @throws IllegalArgumentException if there are not as many as the network has inputs and outputs, or of other
     *     shapes
     */
    static List<String> of(Dl4jNetwork network, DriverNetwork net, SampleShapes shapes) {
        checkCount("features", shapes.features(), net.inputs());
        checkCount("labels", shapes.labels(), net.outputs());
        List<String> names = new ArrayList<>();
        addAll(names, "features", shapes.features(), net.inputs(), false);
        addAll(names, "labels", shapes.labels(), net.outputs(), false);
        checkShapes(network, names, shapes);
        addAll(names, "featuresMask", shapes.features(), net.inputs(), true);
        addAll(names, "labelsMask", shapes.labels(), net.outputs(), true);
        return names;
    }

    private static void checkCount(String what, ArrayShapes arrays, List<String> ends) {
        if (arrays.size() != ends.size()) {
            throw new IllegalArgumentException("DataSets do not go with the network: array=" + what + ", arrays="
                    + arrays.size() + ", network=" + ends + ". Give an array of " + what + " for each.");
        }
    }

    private static void addAll(
            List<String> names, String prefix, ArrayShapes arrays, List<String> ends, boolean masks) {
        for (int i = 0; i < arrays.size(); i++) {
            if (!masks || arrays.isMasked(i)) {
                names.add(ends.size() == 1 ? prefix : prefix + "." + ends.get(i));
            }
        }
    }

    private static void checkShapes(Dl4jNetwork network, List<String> names, SampleShapes shapes) {
        Map<String, long[]> wanted = new LinkedHashMap<>();
        for (BatchField field : network.batchFields()) {
            wanted.put(field.name(), field.sampleShape().dims());
        }
        for (int i = 0; i < names.size(); i++) {
            int labels = i - shapes.features().size();
            long[] given = labels < 0
                    ? shapes.features().dims().get(i)
                    : shapes.labels().dims().get(labels);
            long[] expected = wanted.get(names.get(i));
            if (expected != null && network.partSteps() > 0) {
                // Batches have a part of the sequences, whose lengths were compared.
                expected = new long[] {expected[0], given[1]};
            }
            if (expected != null && !Arrays.equals(given, expected)) {
                throw new IllegalArgumentException("DataSets do not go with the network: array=" + names.get(i)
                        + ", shape of an example=" + Arrays.toString(given) + ", network="
                        + Arrays.toString(expected) + ". Give arrays of the network's shape.");
            }
        }
    }
}
