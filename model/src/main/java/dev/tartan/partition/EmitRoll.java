package dev.tartan.partition;

import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.PartitionSpec;
import dev.tartan.op.Concat;
import dev.tartan.op.Roll;
import dev.tartan.op.Slice;
import java.util.ArrayList;
import java.util.List;

/**
 * Emits a roll: each rank's last element along the dim goes to the next rank, or its first to the one before, and what
 * stays with it moves on. Where each rank has one element, that is a permute alone.
 */
final class EmitRoll {
    private final Mesh mesh;
    private final ProgramBuilder program;

    EmitRoll(Mesh mesh, ProgramBuilder program) {
        this.mesh = mesh;
        this.program = program;
    }

    /** The value of the result, laid out as the operand is. */
    int emit(int operand, Roll roll, PartitionSpec spec) {
        long size = program.typeOf(operand).shape().dim(roll.dim());
        int leaving = size == 1 ? operand : slice(operand, roll.dim(), roll.up() ? size - 1 : 0, 1);
        int coming = permuted(leaving, spec.axesOf(roll.dim()), roll.up());
        if (size == 1) {
            return coming;
        }
        int staying = slice(operand, roll.dim(), roll.up() ? 0 : 1, size - 1);
        Concat concat = new Concat(roll.dim());
        return roll.up() ? program.emitOne(concat, coming, staying) : program.emitOne(concat, staying, coming);
    }

    private int permuted(int id, List<String> axes, boolean up) {
        int numRanks = mesh.numShards(axes);
        if (numRanks == 1) {
            return id;
        }
        List<Integer> sources = new ArrayList<>();
        for (int rank = 0; rank < numRanks; rank++) {
            sources.add((rank + (up ? numRanks - 1 : 1)) % numRanks);
        }
        return program.emitOne(new Permute(axes, sources), id);
    }

    private int slice(int id, int dim, long start, long size) {
        List<Long> starts = new ArrayList<>();
        List<Long> sizes = new ArrayList<>();
        long[] dims = program.typeOf(id).shape().dims();
        for (int i = 0; i < dims.length; i++) {
            starts.add(i == dim ? start : 0L);
            sizes.add(i == dim ? size : dims[i]);
        }
        return program.emitOne(new Slice(starts, sizes), id);
    }
}
