package dev.tartan.network;

import dev.tartan.graph.Origin;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.Supplier;

/** A module that can be trained: it knows what a batch is made of and how to get a loss from one. */
public abstract class Network extends Module {
    private static final String LOSS = "loss";

    /** The tensors of a batch, in the order in which graphs take them. */
    public abstract List<BatchField> batchFields();

    /**
     * The mean loss of a batch, a scalar: {@link ForwardPass#mean} of the losses of samples. Further numbers to watch
     * go to {@link ForwardPass#report}.
     *
     * @param batch by field name, each {@code [batch, sampleShape...]}
     */
    public abstract Tensor loss(Map<String, Tensor> batch, ForwardPass pass);

    /**
     * What the network says of samples, by name, each {@code [batch, ...]}: for inference. None, unless overridden.
     *
     * @param batch by field name, each {@code [batch, sampleShape...]}; only fields that are used have to be given
     */
    public Map<String, Tensor> outputs(Map<String, Tensor> batch, ForwardPass pass) {
        return Map.of();
    }

    /** What a person calls the network. */
    public String title() {
        String name = getClass().getSimpleName();
        return name.isEmpty() ? "network" : name;
    }

    /** Tokens of a sample, by which speed is counted; 0 if the network has no tokens, and samples count. */
    public long tokensPerSample() {
        return 0;
    }

    /** How this network is published, for {@code init.from}: as its parameters alone, unless a network says more. */
    public CheckpointForm checkpointForm() {
        return CheckpointForm.PARAMETERS_ONLY;
    }

    /** Traces {@code body}, which makes the loss of what the network puts out, in the graph of {@code x}. */
    protected final Tensor loss(Tensor x, Supplier<Tensor> body) {
        return scoped(x, LOSS, body);
    }

    /** Whether something stems from what {@link #loss(Tensor, Supplier)} traced, its gradient included. */
    public static boolean isLoss(Origin origin) {
        return origin.modulePath().equals(LOSS);
    }

    /** The field called {@code name}. */
    protected static Tensor field(Map<String, Tensor> batch, String name) {
        Tensor tensor = batch.get(name);
        if (tensor == null) {
            throw new IllegalArgumentException("batch lacks a field: field=" + name + ", batch=" + batch.keySet()
                    + ". Give every field of the network.");
        }
        return tensor;
    }
}
