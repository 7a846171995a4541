package dev.tartan.op.reference;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import java.util.List;

/** One op with operands to try it on. */
public record OpCase(Op op, List<HostTensor> operands) {
    /** Types of the operands. */
    public List<TensorType> operandTypes() {
        return operands.stream().map(HostTensor::type).toList();
    }

    /** The results, by the reference. */
    public List<HostTensor> results() {
        return ReferenceInterpreter.run(op, operands);
    }

    @Override
    public String toString() {
        return op + " on " + operandTypes();
    }
}
