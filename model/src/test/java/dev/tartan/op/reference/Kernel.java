package dev.tartan.op.reference;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;

/** Computes one kind of op. */
interface Kernel<O extends Op> {
    /** The elements of each result; {@code out} are the results' types. */
    List<double[]> run(O op, List<HostTensor> in, List<TensorType> out);
}
