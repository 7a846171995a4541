package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.network.ForwardPass;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.nd4j.autodiff.samediff.SDVariable;
import org.nd4j.autodiff.samediff.SameDiff;
import org.nd4j.autodiff.samediff.VariableType;
import org.nd4j.autodiff.samediff.internal.SameDiffOp;
import org.nd4j.linalg.api.buffer.DataType;
import org.nd4j.linalg.api.ndarray.INDArray;

/** One trace of a graph: the tensors that stand for its variables. Not thread-safe. */
final class GraphTrace {
    /** Gives tensors for placeholders, variables and constants. */
    @FunctionalInterface
    interface Leaves {
        /** The tensor of a leaf. */
        Tensor tensor(SDVariable leaf);
    }

    private final SameDiff sd;
    private final Leaves leaves;
    private final ForwardPass pass;
    private final LossTerms terms;
    private final boolean correct;
    private final Tensor any;
    private final Map<String, Tensor> values = new LinkedHashMap<>();
    private final List<Tensor> gradientTerms = new ArrayList<>();
    private final List<String> refused = new ArrayList<>();

    /**
     * Begins a trace.
     *
     * @param correct whether to compute what is meant where SameDiff does otherwise
     * @param any a floating-point tensor of the trace
     */
    GraphTrace(SameDiff sd, Leaves leaves, ForwardPass pass, LossTerms terms, boolean correct, Tensor any) {
        this.sd = sd;
        this.leaves = leaves;
        this.pass = pass;
        this.terms = terms;
        this.correct = correct;
        this.any = any;
    }

    /** Traces all ops of the plan. Those that are refused, and those that need them, have no value then. */
    void run(GraphPlan plan) {
        for (SameDiffOp op : plan.ops()) {
            String kind = op.getOp().opName();
            OpRule rule = KnownOps.rule(kind);
            String name =
                    "op '" + kind + "' of variable '" + op.getOutputsOfOp().get(0) + "' ";
            if (rule == null) {
                refused.add(name + "is not known");
                continue;
            }
            try {
                if (op.getInputsToOp() == null || op.getInputsToOp().stream().allMatch(this::isThere)) {
                    put(op, rule.trace(new OpCall(op, this)));
                }
            } catch (IllegalArgumentException e) {
                refused.add(name + e.getMessage());
            }
        }
    }

    private void put(SameDiffOp op, List<Tensor> results) {
        if (!correct && terms.detached().contains(op.getName())) {
            Tensor loss = results.get(0);
            values.put(op.getOutputsOfOp().get(0), loss.stopGradient());
            Tensor sum = loss.sumAll();
            gradientTerms.add(sum.sub(sum.stopGradient()));
            return;
        }
        for (int i = 0; i < results.size(); i++) {
            values.put(op.getOutputsOfOp().get(i), results.get(i));
        }
    }

    private boolean isThere(String name) {
        return sd.getVariable(name).getVariableType() != VariableType.ARRAY || values.containsKey(name);
    }

    /** Zeros to be added to the loss, with the gradients of loss ops that are detached. */
    List<Tensor> gradientTerms() {
        return gradientTerms;
    }

    boolean isCorrect() {
        return correct;
    }

    /** What was refused, in order. */
    List<String> refused() {
        return refused;
    }

    /** The tensor of a variable. */
    Tensor value(String name) {
        Tensor before = values.get(name);
        if (before == null) {
            before = leaves.tensor(Objects.requireNonNull(sd.getVariable(name), name));
            values.put(name, before);
        }
        return before;
    }

    /** The value of a constant; null if the variable is none. */
    @Nullable
    INDArray constant(String name) {
        SDVariable variable = sd.getVariable(name);
        return variable.getVariableType() == VariableType.CONSTANT ? variable.getArr() : null;
    }

    ForwardPass pass() {
        return pass;
    }

    Tensor any() {
        return any;
    }

    DType floats() {
        return any.dtype();
    }

    DataType dataType(String name) {
        return sd.getVariable(name).dataType();
    }

    boolean isMeanOfSamples(SameDiffOp op, Tensor x) {
        Tensor weights = pass.sampleWeights();
        return terms.means().contains(op.getName())
                && x.numDims() > 0
                && (weights == null || x.shape().dim(0) == weights.shape().dim(0));
    }
}
