package dev.tartan.partition;

import dev.tartan.graph.Reduction;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardOffset;
import dev.tartan.op.Pad;
import dev.tartan.op.Reshape;
import dev.tartan.op.Slice;
import dev.tartan.op.Transpose;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/**
 * Writes reshard steps as instructions. Collectives work on slices stacked in a first dim of their own, so splitting or
 * joining another dim adds a transpose; for dim 0 it is only a reshape, which costs nothing.
 */
final class EmitReshard {
    private final Mesh mesh;
    private final ProgramBuilder program;

    EmitReshard(Mesh mesh, ProgramBuilder program) {
        this.mesh = mesh;
        this.program = program;
    }

    /** Emits all steps beginning at {@code value} and returns the id of the outcome. */
    int emit(int value, List<ReshardStep> steps) {
        int current = value;
        for (ReshardStep step : steps) {
            current = emit(current, step);
        }
        return current;
    }

    private int emit(int value, ReshardStep step) {
        int ranks = mesh.numShards(step.axes());
        if (step instanceof ReshardStep.Reduce) {
            return program.emitOne(new AllReduce(step.axes(), ranks, Reduction.SUM), value);
        }
        if (step instanceof ReshardStep.Scatter scatter) {
            return program.emitOne(new ReduceScatter(step.axes(), ranks), split(value, scatter.dim(), ranks));
        }
        if (step instanceof ReshardStep.Gather gather) {
            return join(program.emitOne(new AllGather(step.axes(), ranks), value), gather.dim());
        }
        if (step instanceof ReshardStep.Move move) {
            int stacked = split(value, move.toDim(), ranks);
            return join(program.emitOne(new AllToAll(step.axes(), ranks), stacked), move.fromDim());
        }
        if (step instanceof ReshardStep.Permute permute) {
            return program.emitOne(new Permute(step.axes(), PermuteSources.of(mesh, permute)), value);
        }
        if (step instanceof ReshardStep.Pad pad) {
            long added = pad.size() - shape(value).dim(pad.dim());
            return program.emitOne(new Pad(zeros(value), with(zeros(value), pad.dim(), added), 0), value);
        }
        if (step instanceof ReshardStep.Trim trim) {
            List<Long> sizes =
                    LongStream.of(shape(value).dims()).boxed().collect(Collectors.toCollection(ArrayList::new));
            return program.emitOne(new Slice(zeros(value), with(sizes, trim.dim(), trim.size())), value);
        }
        int dim = ((ReshardStep.Keep) step).dim();
        Shape shape = shape(value);
        Shape kept = shape.with(dim, shape.dim(dim) / ranks);
        return program.emitOne(new ShardSlice(dim, kept, ShardOffset.of(mesh, step.axes(), shape.dim(dim))), value);
    }

    private List<Long> zeros(int value) {
        return new ArrayList<>(Collections.nCopies(shape(value).numDims(), 0L));
    }

    private static List<Long> with(List<Long> list, int index, long element) {
        list.set(index, element);
        return list;
    }

    /** [.., n, ..] to [ranks, .., n / ranks, ..]. */
    private int split(int value, int dim, int ranks) {
        Shape shape = shape(value);
        List<Long> dims = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            if (i == dim) {
                dims.add((long) ranks);
                dims.add(shape.dim(i) / ranks);
            } else {
                dims.add(shape.dim(i));
            }
        }
        int apart = program.emitOne(new Reshape(toShape(dims)), value);
        if (dim == 0) {
            return apart;
        }
        List<Integer> permutation = new ArrayList<>();
        permutation.add(dim);
        for (int i = 0; i < dims.size(); i++) {
            if (i != dim) {
                permutation.add(i);
            }
        }
        return program.emitOne(new Transpose(permutation), apart);
    }

    /** [ranks, .., n, ..] to [.., ranks * n, ..]. */
    private int join(int value, int dim) {
        int apart = value;
        if (dim > 0) {
            List<Integer> permutation = new ArrayList<>();
            for (int i = 1; i < shape(value).numDims(); i++) {
                if (i == dim + 1) {
                    permutation.add(0);
                }
                permutation.add(i);
            }
            apart = program.emitOne(new Transpose(permutation), value);
        }
        Shape shape = shape(apart);
        List<Long> dims = new ArrayList<>();
        for (int i = 0; i < shape.numDims(); i++) {
            if (i == dim + 1) {
                dims.set(dim, shape.dim(dim) * shape.dim(i));
            } else {
                dims.add(shape.dim(i));
            }
        }
        return program.emitOne(new Reshape(toShape(dims)), apart);
    }

    private Shape shape(int value) {
        return program.typeOf(value).shape();
    }

    private static Shape toShape(List<Long> dims) {
        return Shape.shape(dims.stream().mapToLong(Long::longValue).toArray());
    }
}
