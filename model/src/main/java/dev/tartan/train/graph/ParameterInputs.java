package dev.tartan.train.graph;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.network.Module;
import dev.tartan.network.Param;
import dev.tartan.network.ParamLayout;
import dev.tartan.op.Tensor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The parameters of a network as inputs of one graph, bound before tracing so that the network sees them as they lie on
 * the mesh, padding included.
 */
final class ParameterInputs {
    final Map<Param, Tensor> tensors = new LinkedHashMap<>();
    final Map<Param, ParamLayout> layouts = new LinkedHashMap<>();
    final List<String> notes = new ArrayList<>();

    ParameterInputs(GraphBuilder graph, Module network, Mesh mesh, DType dtype) {
        for (Param param : network.parameters().values()) {
            ParamLayout layout = ParamLayout.of(param, mesh);
            layouts.put(param, layout);
            tensors.put(param, param.bind(graph, new TensorType(dtype, layout.shape())));
            if (layout.note() != null) {
                notes.add(layout.note());
            }
        }
    }

    ParamLayout layout(Param param) {
        ParamLayout layout = layouts.get(param);
        if (layout == null) {
            throw new IllegalStateException("parameter is not bound: parameter=" + param.name());
        }
        return layout;
    }
}
