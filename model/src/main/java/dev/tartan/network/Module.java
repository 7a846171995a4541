package dev.tartan.network;

import dev.tartan.graph.DType;
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
 * <p>Declare parameters and parts in the constructor. Not thread-safe.
 */
@SuppressWarnings("JavaLangClash") // the field's word; java.lang.Module is never meant near networks
public abstract class Module {
    private final Map<String, Param> ownParams = new LinkedHashMap<>();
    private final Map<String, Module> children = new LinkedHashMap<>();
    private @Nullable Module parent;
    private String name = "";

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
     * Declares {@code child} as a part of this module; {@code childName} may contain dots, as in {@code h.0}.
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
        return child;
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

    /** Traces {@code body} so that its nodes carry this module's path, in the graph that {@code x} belongs to. */
    protected final Tensor scoped(Tensor x, Supplier<Tensor> body) {
        return x.graph().inScope(path(), body);
    }
}
