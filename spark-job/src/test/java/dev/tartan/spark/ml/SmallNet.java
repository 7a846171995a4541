package dev.tartan.spark.ml;

import dev.tartan.graph.DType;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Linear;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkConfig;
import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A user's network: a classifier of two values into three classes, of a width. */
record SmallNet(int width) implements NetworkConfig {
    @Override
    public Network create() {
        return new Small();
    }

    /** Fails while it is made. */
    static final class Broken extends Network {
        Broken() {
            throw new IllegalArgumentException("network is broken: width=0. Mend it.");
        }

        @Override
        public List<BatchField> batchFields() {
            return List.of();
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            throw new IllegalStateException("not reached");
        }
    }

    private final class Small extends Network {
        private final Linear in = child("in", new Linear(2, width, Initializers.lecunNormal()));
        private final Linear out = child("out", new Linear(width, 3, Initializers.lecunNormal()));

        @Override
        public List<BatchField> batchFields() {
            return List.of(BatchField.floats("x", 2), BatchField.ints("y").below(3));
        }

        private Tensor logits(Map<String, Tensor> batch) {
            return out.call(in.call(field(batch, "x")).tanh());
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            Tensor losses = logits(batch).crossEntropy(field(batch, "y"));
            pass.report("squares", pass.mean(losses.square()));
            return pass.mean(losses);
        }

        @Override
        public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
            Tensor x = field(batch, "x");
            Tensor logits = logits(batch);
            long size = x.shape().dim(0);
            Map<String, Tensor> outputs = new LinkedHashMap<>();
            outputs.put("logits", logits);
            outputs.put("losses", logits.crossEntropy(field(batch, "y")));
            outputs.put(
                    "nested", Tensor.concat(1, List.of(x, x.mul(2), x.mul(3))).reshape(size, 3, 2));
            outputs.put("signs", logits.greaterEqual(0).cast(DType.INT32));
            return outputs;
        }
    }
}
