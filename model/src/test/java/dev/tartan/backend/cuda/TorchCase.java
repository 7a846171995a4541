package dev.tartan.backend.cuda;

import dev.tartan.graph.Op;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

/**
 * An op whose error is compared with PyTorch's.
 *
 * @param name as in {@code torch_errors.properties}
 * @param exact operands from which the true results are computed; those that are results of other ops are not rounded
 * @param kept which operands are float32 in any case: what is kept from the forward pass, and losses
 * @param results of the op that PyTorch has too; the others are not compared
 */
record TorchCase(String name, Op op, List<HostTensor> exact, Set<Integer> kept, int results) {
    TorchCase(String name, Op op, HostTensor... exact) {
        this(name, op, List.of(exact), Set.of(), Integer.MAX_VALUE);
    }

    /** A forward pass, whose first result is compared. */
    static TorchCase forward(String name, Op op, HostTensor... exact) {
        return new TorchCase(name, op, List.of(exact), Set.of(), 1);
    }

    /** A gradient from operands of which some were kept. */
    static TorchCase gradient(String name, Op op, Set<Integer> kept, HostTensor... exact) {
        return new TorchCase(name, op, List.of(exact), kept, Integer.MAX_VALUE);
    }

    /** What each operand is held in. */
    List<CudaType> types(CudaType type) {
        List<CudaType> types = new ArrayList<>();
        for (int i = 0; i < exact.size(); i++) {
            types.add(kept.contains(i) ? CudaType.FLOAT32 : type);
        }
        return types;
    }

    /** The true results. */
    List<HostTensor> truth() {
        return ReferenceInterpreter.run(op, exact);
    }

    @Override
    public String toString() {
        return name;
    }
}
