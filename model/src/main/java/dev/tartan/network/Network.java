package dev.tartan.network;

import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;

/** A module that can be trained: it knows what a batch is made of and how to get a loss from one. */
public abstract class Network extends Module {
    /** The tensors of a batch, in the order in which graphs take them. */
    public abstract List<BatchField> batchFields();

    /**
     * The mean loss of a batch, a scalar.
     *
     * @param batch by field name, each {@code [batch, sampleShape...]}
     */
    public abstract Tensor loss(Map<String, Tensor> batch, ForwardPass pass);

    /** How this network is published, for {@code init.from}: as its parameters alone, unless a network says more. */
    public CheckpointForm checkpointForm() {
        return CheckpointForm.PARAMETERS_ONLY;
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
