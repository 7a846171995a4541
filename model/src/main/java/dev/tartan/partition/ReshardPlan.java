package dev.tartan.partition;

import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.mesh.Shape;
import dev.tartan.mesh.ShardRange;
import java.util.ArrayList;
import java.util.List;

/**
 * How a tensor gets from one layout to another on the same mesh; see {@link Reshard#plan}. Plain data.
 *
 * @param type of the whole tensor, without padding
 */
public record ReshardPlan(NamedSharding from, NamedSharding to, TensorType type, List<Step> steps) {
    /**
     * One step.
     *
     * @param before local shape that it begins with
     * @param after local shape that it leaves
     * @param sentBytes that each rank sends by a bandwidth-optimal algorithm; in a permute, the most that one does
     */
    public record Step(ReshardStep move, Shape before, Shape after, long sentBytes) {
        /** For example {@code all_to_all over data: dim 0 -> dim 1, [4, 8] -> [8, 4], sends 64 B per rank}. */
        @Override
        public String toString() {
            return describe() + ", " + before + " -> " + after + ", sends " + sentBytes + " B per rank";
        }

        private String describe() {
            String over = " over " + String.join(".", move.axes()) + ": ";
            if (move instanceof ReshardStep.Reduce) {
                return "all_reduce" + over + "sum";
            }
            if (move instanceof ReshardStep.Scatter scatter) {
                return "reduce_scatter" + over + "dim " + scatter.dim();
            }
            if (move instanceof ReshardStep.Gather gather) {
                return "all_gather" + over + "dim " + gather.dim();
            }
            if (move instanceof ReshardStep.Move moved) {
                return "all_to_all" + over + "dim " + moved.fromDim() + " -> dim " + moved.toDim();
            }
            if (move instanceof ReshardStep.Keep keep) {
                return "slice" + over + "dim " + keep.dim();
            }
            if (move instanceof ReshardStep.Permute permute) {
                return "permute" + over + permute.before() + " -> " + permute.after();
            }
            return move instanceof ReshardStep.Pad pad
                    ? "pad: dim " + pad.dim()
                    : "trim: dim " + ((ReshardStep.Trim) move).dim();
        }

        /** Whether ranks send anything to one another. */
        boolean isCollective() {
            return !(move instanceof ReshardStep.Keep
                    || move instanceof ReshardStep.Pad
                    || move instanceof ReshardStep.Trim);
        }
    }

    public ReshardPlan {
        steps = List.copyOf(steps);
    }

    /** Works out shapes and bytes of the steps. */
    static ReshardPlan of(NamedSharding from, NamedSharding to, TensorType type, List<ReshardStep> moves) {
        Mesh mesh = from.mesh();
        Shape shape = from.localShape(ShardRange.paddedShape(from, type.shape()));
        List<Step> steps = new ArrayList<>();
        for (ReshardStep move : moves) {
            Shape after = after(mesh, move, shape);
            long bytes = type.withShape(shape).bytes();
            steps.add(new Step(move, shape, after, sentBytes(move, bytes, mesh.numShards(move.axes()))));
            shape = after;
        }
        Shape expected = to.localShape(ShardRange.paddedShape(to, type.shape()));
        if (!shape.equals(expected)) {
            throw new IllegalStateException("reshard ends with another shape: from=" + from + ", to=" + to + ", type="
                    + type + ", expected=" + expected + ", actual=" + shape + ", steps=" + steps + ". Report this.");
        }
        return new ReshardPlan(from, to, type, steps);
    }

    private static Shape after(Mesh mesh, ReshardStep move, Shape shape) {
        int ranks = mesh.numShards(move.axes());
        if (move instanceof ReshardStep.Gather gather) {
            return shape.with(gather.dim(), shape.dim(gather.dim()) * ranks);
        }
        if (move instanceof ReshardStep.Scatter scatter) {
            return shape.with(scatter.dim(), shape.dim(scatter.dim()) / ranks);
        }
        if (move instanceof ReshardStep.Keep keep) {
            return shape.with(keep.dim(), shape.dim(keep.dim()) / ranks);
        }
        if (move instanceof ReshardStep.Move moved) {
            return shape.with(moved.toDim(), shape.dim(moved.toDim()) / ranks)
                    .with(moved.fromDim(), shape.dim(moved.fromDim()) * ranks);
        }
        if (move instanceof ReshardStep.Pad pad) {
            return shape.with(pad.dim(), pad.size());
        }
        return move instanceof ReshardStep.Trim trim ? shape.with(trim.dim(), trim.size()) : shape;
    }

    /** What a step sends of {@code bytes} local bytes. */
    static long sentBytes(ReshardStep move, long bytes, int ranks) {
        if (move instanceof ReshardStep.Reduce) {
            return 2 * bytes * (ranks - 1) / ranks;
        }
        if (move instanceof ReshardStep.Gather) {
            return bytes * (ranks - 1);
        }
        if (move instanceof ReshardStep.Scatter || move instanceof ReshardStep.Move) {
            return bytes * (ranks - 1) / ranks;
        }
        return move instanceof ReshardStep.Permute ? bytes : 0;
    }

    /** Bytes that each rank sends in all steps. */
    public long sentBytes() {
        return steps.stream().mapToLong(Step::sentBytes).sum();
    }

    /** Number of steps in which ranks send anything to one another. */
    public int numCollectives() {
        return (int) steps.stream().filter(Step::isCollective).count();
    }

    /** What is done, without shapes. */
    List<ReshardStep> moves() {
        return steps.stream().map(Step::move).toList();
    }

    /**
     * The steps as a program of one input {@code x} and one output {@code y}, whose shapes are padded where the layouts
     * do not divide the tensor. If {@link #from} or {@link #to} is unreduced, so are they.
     */
    public Program program(String name) {
        ProgramBuilder builder = new ProgramBuilder();
        TensorType input = type.withShape(ShardRange.paddedShape(from, type.shape()));
        TensorType output = type.withShape(ShardRange.paddedShape(to, type.shape()));
        int x = builder.value(input.withShape(from.localShape(input.shape())), "x", from.unreduced());
        int y = new EmitReshard(from.mesh(), builder).emit(x, moves());
        return new Program(
                name,
                from.mesh(),
                builder.values(),
                builder.instructions(),
                List.of(new ProgramPort("x", x, input, from.spec())),
                List.of(new ProgramPort("y", y, output, to.spec())),
                List.of());
    }

    /** The layouts, a line for each step, and the total. */
    @Override
    public String toString() {
        StringBuilder text = new StringBuilder()
                .append(type)
                .append(" from ")
                .append(from)
                .append(" to ")
                .append(to)
                .append(" on ")
                .append(from.mesh())
                .append('\n');
        steps.forEach(step -> text.append("  ").append(step).append('\n'));
        return text.append("total: ")
                .append(steps.size())
                .append(steps.size() == 1 ? " step, sends " : " steps, sends ")
                .append(sentBytes())
                .append(" B per rank\n")
                .toString();
    }
}
