package dev.tartan.partition;

import static dev.tartan.mesh.Shape.shape;

import dev.tartan.graph.DType;
import dev.tartan.network.BatchField;
import dev.tartan.network.ForwardPass;
import dev.tartan.network.Initializers;
import dev.tartan.network.Linear;
import dev.tartan.network.Module;
import dev.tartan.network.Network;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** A network as users write them: residual blocks of two layers, under whatever names. */
public final class ResidualNet extends Network {
    private static final int WIDTH = 32;

    private final List<Part> parts = new ArrayList<>();

    /** How a network holds its blocks. */
    public enum Naming {
        /** Elements of {@code h}, told. */
        TOLD,
        /** Elements of {@code blocks}, not told. */
        LISTED,
        /** In a module of their own. */
        NESTED,
        /** Told, with names that have no number. */
        UNNUMBERED,
        /** Parts that are no blocks. */
        NONE
    }

    public ResidualNet(int depth, Naming naming) {
        Holder body = naming == Naming.NESTED ? child("body", new Holder()) : new Holder();
        for (int i = 0; i < depth; i++) {
            Part part = new Part();
            parts.add(part);
            switch (naming) {
                case TOLD -> block("h." + i, part);
                case LISTED -> child("blocks." + i, part);
                case NESTED -> body.take("stage.layers." + i, part);
                case UNNUMBERED -> block("part_" + (char) ('a' + i), part);
                case NONE -> child("part_" + (char) ('a' + i), part);
            }
        }
    }

    @Override
    public List<BatchField> batchFields() {
        return List.of(new BatchField("x", DType.FLOAT32, shape(WIDTH)), new BatchField("y", DType.INT32, shape()));
    }

    @Override
    public Tensor loss(Map<String, Tensor> batch, ForwardPass pass) {
        Tensor x = field(batch, "x");
        for (Part part : parts) {
            x = part.call(x);
        }
        return x.crossEntropy(field(batch, "y")).meanAll();
    }

    private static final class Holder extends Module {
        void take(String name, Part part) {
            child(name, part);
        }
    }

    private static final class Part extends Module {
        private final Linear up = child("up", new Linear(WIDTH, 2 * WIDTH, Initializers.heNormal()));
        private final Linear down = child("down", new Linear(2 * WIDTH, WIDTH, Initializers.heNormal()));

        Tensor call(Tensor x) {
            return scoped(x, () -> x.add(down.call(up.call(x).gelu())));
        }
    }
}
