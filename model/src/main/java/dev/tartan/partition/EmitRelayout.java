package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import dev.tartan.op.Pad;
import dev.tartan.op.Reshape;
import dev.tartan.op.Slice;
import dev.tartan.sharding.FittedSpec;
import java.util.Collections;
import java.util.List;

/** Writes the way of a tensor between where it is kept and where it is used as instructions. */
final class EmitRelayout {
    private final Mesh mesh;
    private final ProgramBuilder program;
    private final StorageLayout layout;

    EmitRelayout(Mesh mesh, ProgramBuilder program, StorageLayout layout) {
        this.mesh = mesh;
        this.program = program;
        this.layout = layout;
    }

    /** The layout in use, without axes of size 1. */
    PartitionSpec usedSpec() {
        return fitted(layout.used(), layout.usedSpec());
    }

    /** From where it is kept: gathered, cut, shaped. */
    int fetch(int kept) {
        NamedSharding from = NamedSharding.of(mesh, fitted(layout.stored(), layout.storedSpec()));
        NamedSharding view = viewSharding(List.of());
        int gathered = reshard(kept, from, view, layout.stored());
        int cut = gathered;
        if (!layout.stored().equals(layout.view())) {
            List<Long> sizes = dims(view.localShape(layout.view()));
            cut = program.emitOne(new Slice(Collections.nCopies(sizes.size(), 0L), sizes), gathered);
        }
        return shaped(cut, NamedSharding.of(mesh, usedSpec()).localShape(layout.used()));
    }

    /** To where it is kept: shaped, padded, scattered or cut. */
    int deposit(int used, List<String> unreduced) {
        NamedSharding view = viewSharding(unreduced);
        int shaped = shaped(used, view.localShape(layout.view()));
        int padded = shaped;
        if (!layout.stored().equals(layout.view())) {
            List<Long> none = Collections.nCopies(layout.view().numDims(), 0L);
            padded = program.emitOne(new Pad(none, layout.padding(), 0), shaped);
        }
        NamedSharding to = NamedSharding.of(mesh, fitted(layout.stored(), layout.storedSpec()));
        return reshard(padded, view, to, layout.stored());
    }

    private int reshard(int id, NamedSharding from, NamedSharding to, Shape shape) {
        return new EmitReshard(mesh, program).emit(id, PlanReshard.steps(from, to, shape.numDims()));
    }

    private int shaped(int id, Shape local) {
        return program.typeOf(id).shape().equals(local) ? id : program.emitOne(new Reshape(local), id);
    }

    private NamedSharding viewSharding(List<String> unreduced) {
        return new NamedSharding(mesh, fitted(layout.view(), layout.viewSpec()), unreduced);
    }

    private PartitionSpec fitted(Shape shape, PartitionSpec spec) {
        TensorType any = new TensorType(dev.tartan.graph.DType.FLOAT32, shape);
        return FittedSpec.of(mesh, layout.toString(), any, spec);
    }

    private static List<Long> dims(Shape shape) {
        return java.util.Arrays.stream(shape.dims()).boxed().toList();
    }
}
