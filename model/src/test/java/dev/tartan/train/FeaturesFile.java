package dev.tartan.train;

import dev.tartan.checkpoint.SafetensorsWriter;
import dev.tartan.checkpoint.TensorDeclaration;
import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import dev.tartan.train.data.BatchFileSamples;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * A file of batches of features and labels for networks of DL4J's.
 *
 * @param features shape of those of a sample
 * @param labels likewise; one-hot in dim 0
 */
record FeaturesFile(Path path, int steps, int batch, Shape features, Shape labels) {
    /** Writes the same batch for each step, so that the loss falls. */
    BatchFileSamples write() {
        Shape x = before(features);
        Shape y = before(labels);
        Random random = new Random(1);
        int perStep = (int) (x.numElements() / steps);
        float[] values = new float[(int) x.numElements()];
        for (int i = 0; i < values.length; i++) {
            values[i] = i < perStep ? (float) random.nextGaussian() : values[i - perStep];
        }
        float[] ones = new float[(int) y.numElements()];
        int classes = (int) labels.dim(0);
        int positions = (int) (labels.numElements() / classes);
        for (int i = 0; i < steps * batch * positions; i++) {
            int sample = i / positions;
            int chosen = (sample % batch + i % positions) % classes;
            ones[(sample * classes + chosen) * positions + i % positions] = 1;
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(
                path,
                List.of(
                        new TensorDeclaration("features", DType.FLOAT32, x),
                        new TensorDeclaration("labels", DType.FLOAT32, y)),
                Map.of())) {
            writer.writeFloats("features", TensorSlice.whole(x), values);
            writer.writeFloats("labels", TensorSlice.whole(y), ones);
            writer.finish();
        }
        return new BatchFileSamples(path);
    }

    private Shape before(Shape sample) {
        long[] dims = new long[sample.numDims() + 2];
        dims[0] = steps;
        dims[1] = batch;
        System.arraycopy(sample.dims(), 0, dims, 2, sample.numDims());
        return Shape.shape(dims);
    }
}
