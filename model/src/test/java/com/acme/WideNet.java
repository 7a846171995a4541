package com.acme;

import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Key;
import dev.tartan.network.KeyRules;
import dev.tartan.network.Linear;
import dev.tartan.network.Network;
import dev.tartan.network.NetworkConfig;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;

/** A user's network, as another jar would have it: a record of sizes, and nothing registered anywhere. */
public record WideNet(
        int width,
        @Key(byDefault = "tanh") Shape shape,
        @Key(byDefault = "0.5", range = Key.Range.POSITIVE) double gain,
        @Key(byDefault = "a name") String label)
        implements NetworkConfig {
    /** A choice. */
    public enum Shape {
        TANH,
        SQUARE_ROOT
    }

    @Override
    public void check(KeyRules rules) {
        rules.splitsOverModel("width", width);
    }

    @Override
    public Network create() {
        return new Wide();
    }

    private final class Wide extends Network {
        private final Linear in = child("in", new Linear(3, width, Initializers.lecunNormal()));
        private final Linear out = child("out", new Linear(width, 2, Initializers.lecunNormal()));

        @Override
        public List<BatchField> batchFields() {
            return List.of(BatchField.floats("x", 3), BatchField.ints("y").below(2));
        }

        @Override
        public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
            Tensor hidden = in.call(field(batch, "x")).tanh().mul(gain);
            return pass.mean(out.call(hidden).crossEntropy(field(batch, "y")));
        }
    }
}
