package dev.tartan.network;

import dev.tartan.graph.Block;
import dev.tartan.graph.DType;
import dev.tartan.graph.Origin;
import dev.tartan.graph.Phase;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Tensor;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A part of a network: named parameters and named parts, and usually a method that traces its computation. The full
 * name of a parameter joins the names on the way with dots, for example {@code h.0.attn.c_attn.weight}.
 *
 * <p>A network tells its blocks, which are recomputed, gathered and planned as one each, by {@link #block}. In a
 * network that tells none, the elements of its outermost lists are blocks: parts with a number in their names, as in
 * {@code layers.0}. A network without either has no blocks.
 *
 * <p>Declare parameters and parts in the constructor. Not thread-safe.
 */
@SuppressWarnings("JavaLangClash") // the field's word; java.lang.Module is never meant near networks
public abstract class Module {
    private final Map<String, Param> ownParams = new LinkedHashMap<>();
    private final Map<String, Module> children = new LinkedHashMap<>();
    private @Nullable Module parent;
    private String name = "";
    private boolean isBlock;
    private boolean tellsBlocks;

    /**
     * Declares a parameter of this module.
     *
     * @throws IllegalArgumentException if the module already has a parameter of that name, or the parameter is larger
     *     than any devices could hold
     */
    protected final Param param(String paramName, Shape shape, Initializer initializer) {
        checkSize(paramName, shape);
        Param param = new Param(this, paramName, shape, initializer);
        if (ownParams.putIfAbsent(paramName, param) != null) {
            throw new IllegalArgumentException("module declares a parameter twice: module="
                    + getClass().getSimpleName() + ", parameter=" + paramName + ". Give each a name of its own.");
        }
        return param;
    }

    /**
     * Declares a tensor that is not trained but updated by the steps themselves, as running statistics are: no gradient
     * flows to it, {@link ForwardPass#update} gives its next value, and it is saved with the parameters.
     *
     * @throws IllegalArgumentException as {@link #param}
     */
    protected final Param state(String stateName, Shape shape, Initializer initializer) {
        return param(stateName, shape, initializer).asState();
    }

    private void checkSize(String paramName, Shape shape) {
        try {
            new TensorType(DType.FLOAT32, shape);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "parameter '" + join(paramName) + "' of " + getClass().getSimpleName() + ": " + e.getMessage(), e);
        }
    }

    /**
     * Declares {@code child} as a part of this module; {@code childName} may contain dots. A name such as {@code h.0}
     * makes it an element of the list {@code h}.
     *
     * @throws IllegalArgumentException if the name is taken or the child already belongs to a module
     */
    protected final <M extends Module> M child(String childName, M child) {
        Module added = child;
        if (added.parent != null || children.putIfAbsent(childName, child) != null) {
            throw new IllegalArgumentException(
                    "module cannot take a part: module=" + getClass().getSimpleName() + ", part=" + childName
                            + ". Give each part one parent and a name of its own.");
        }
        added.parent = this;
        added.name = childName;
        if (added.tellsBlocks) {
            tellBlocks();
        }
        return child;
    }

    /**
     * Declares {@code child} as a part of this module and as a block of the network, unless it lies in one already.
     *
     * @throws IllegalArgumentException as {@link #child}
     */
    protected final <M extends Module> M block(String childName, M child) {
        child(childName, child);
        Module added = child;
        added.isBlock = true;
        tellBlocks();
        return child;
    }

    private void tellBlocks() {
        for (Module module = this; module != null && !module.tellsBlocks; module = module.parent) {
            module.tellsBlocks = true;
        }
    }

    /** The outermost block that this module is or lies in; null if it is in none. */
    public final @Nullable Block block() {
        boolean told = root().tellsBlocks;
        Block outermost = null;
        for (Module module = this; module.parent != null; module = module.parent) {
            Block own = told && !module.isBlock ? null : ListedName.blockOf(module.parent.path(), module.name, told);
            outermost = own == null ? outermost : own;
        }
        return outermost;
    }

    /** What stems from this module in a phase. */
    public final Origin origin(Phase phase) {
        return new Origin(phase, path(), block());
    }

    private Module root() {
        Module module = this;
        while (module.parent != null) {
            module = module.parent;
        }
        return module;
    }

    /** The dotted name of this module within the network; empty for the network itself. */
    public final String path() {
        return parent == null ? name : parent.join(name);
    }

    final String join(String last) {
        String path = path();
        return path.isEmpty() ? last : path + "." + last;
    }

    /** All parameters and states by full name: own ones first, then the parts' in order of declaration. */
    public final Map<String, Param> parameters() {
        Map<String, Param> all = new LinkedHashMap<>();
        collect(all);
        return all;
    }

    private void collect(Map<String, Param> all) {
        ownParams.values().forEach(param -> all.put(param.name(), param));
        children.values().forEach(child -> child.collect(all));
    }

    /** The parameter with this full name, or null. */
    public final @Nullable Param parameter(String fullName) {
        return parameters().get(fullName);
    }

    /** The number of elements of all parameters, states left out. */
    public final long numParameters() {
        return parameters().values().stream()
                .filter(param -> !param.isState())
                .mapToLong(param -> param.shape().numElements())
                .sum();
    }

    /**
     * Traces {@code body} so that its nodes carry this module and its block as their origin, in the graph that
     * {@code x} belongs to.
     */
    protected final Tensor scoped(Tensor x, Supplier<Tensor> body) {
        return scoped(x, path(), body);
    }

    /** As {@link #scoped(Tensor, Supplier)}, for a part of this module's computation that has a name of its own. */
    final Tensor scoped(Tensor x, String ownPath, Supplier<Tensor> body) {
        return x.graph().inOrigin(x.graph().origin().at(ownPath, block()), body);
    }
}
