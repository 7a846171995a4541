package dev.tartan.backend;

import dev.tartan.graph.Op;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Cast;
import dev.tartan.op.DecomposableOp;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The op table: for each type of op the factories that make kernels for it, the preferred one first. An op without one
 * is made from the kernels of its decomposition, and one on 16-bit floats from the float32 kernel between conversions.
 */
public final class KernelTable implements KernelLibrary {
    private final Map<Class<? extends Op>, List<KernelFactory<?>>> factories;

    private KernelTable(Map<Class<? extends Op>, List<KernelFactory<?>>> factories) {
        this.factories = factories;
    }

    @Override
    public long scratchBytes(Op op, List<TensorType> operands) {
        return find(op, operands).scratchBytes(op, operands);
    }

    @Override
    public Kernel bind(Op op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
        if (results.stream().allMatch(result -> result.type().shape().numElements() == 0)) {
            return stream -> {};
        }
        return find(op, operands.stream().map(Buffer::type).toList()).bind(op, operands, results, scratch);
    }

    // A factory is stored under the class of the ops it takes, which is the class looked up.
    @SuppressWarnings("unchecked")
    private KernelFactory<Op> find(Op op, List<TensorType> operands) {
        boolean hasHalves = WidenedKernelFactory.hasHalves(op, operands);
        for (KernelFactory<?> factory : factories.getOrDefault(op.getClass(), List.of())) {
            KernelFactory<Op> typed = (KernelFactory<Op>) factory;
            if ((typed.takesHalves() || !hasHalves) && typed.accepts(op, operands)) {
                return typed;
            }
        }
        if (hasHalves && !(op instanceof Cast)) {
            return new WidenedKernelFactory(this);
        }
        if (op instanceof DecomposableOp) {
            KernelFactory<?> decomposed = new DecomposedKernelFactory(this);
            return (KernelFactory<Op>) decomposed;
        }
        throw new UnsupportedOperationException("op has no kernel: op=" + op.name() + ", operands=" + operands
                + ". Add a factory to the backend's op table.");
    }

    /** Starts an empty table. */
    public static Builder builder() {
        return new Builder();
    }

    /** Collects factories; a later one for the same op goes before the earlier ones. */
    public static final class Builder {
        private final Map<Class<? extends Op>, List<KernelFactory<?>>> factories = new LinkedHashMap<>();

        private Builder() {}

        /** Prefers {@code factory} for ops of type {@code type}. */
        public <O extends Op> Builder prefer(Class<O> type, KernelFactory<O> factory) {
            factories.computeIfAbsent(type, key -> new ArrayList<>()).add(0, factory);
            return this;
        }

        /** The table. */
        public KernelTable build() {
            Map<Class<? extends Op>, List<KernelFactory<?>>> copy = new LinkedHashMap<>();
            factories.forEach((type, list) -> copy.put(type, List.copyOf(list)));
            return new KernelTable(copy);
        }
    }
}
