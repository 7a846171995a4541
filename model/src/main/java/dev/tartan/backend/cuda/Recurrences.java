package dev.tartan.backend.cuda;

import static dev.tartan.backend.cuda.CudaSource.RECURRENT;

import dev.tartan.backend.Arena;
import dev.tartan.graph.Op;
import dev.tartan.mesh.Shape;
import dev.tartan.op.Lstm;
import dev.tartan.op.LstmGrad;
import dev.tartan.op.SimpleRnn;
import dev.tartan.op.SimpleRnnGrad;
import java.util.ArrayList;
import java.util.List;

/**
 * Recurrent layers: a product with the recurrent weights and one kernel a step, see {@code recurrent.cu}. The gradient
 * of the weights is one product, after all steps.
 */
final class Recurrences {
    private static final int GATED_BLOCKS = 4;
    private static final int PEEPHOLES = 3;

    private Recurrences() {}

    /** Operands x, rw, y0, c0; results y, c, z. */
    static OpLaunches<Lstm> lstm() {
        return new Forward<>() {
            @Override
            RecurrentForm form(Lstm op, List<DeviceTensor> operands) {
                return RecurrentForm.of(
                        operands.get(0), GATED_BLOCKS, op.reverse(), op.activation(), op.gateActivation());
            }

            @Override
            Launch step(Lstm op, RecurrentForm form, Memory memory, Places places, int position) {
                return kernel("lstm_step", form)
                        .doing(
                                KernelArguments.builder()
                                        .pointers(memory.results.toArray(new DeviceTensor[0]))
                                        .pointer(places.state)
                                        .pointer(places.cells)
                                        .pointer(memory.operand(0))
                                        .pointer(places.products)
                                        .pointer(memory.operand(3))
                                        .pointer(op.peepholes() ? memory.operand(op.peepholesAt()) : 0),
                                op.masked() ? memory.operand(op.maskAt()) : 0,
                                position);
            }
        };
    }

    /** Operands dy, rw, y0, c0, y, c, z; results dx, drw, dy0, dc0 and, with peepholes, their gradient. */
    static OpLaunches<LstmGrad> lstmGrad() {
        return new Backward<>() {
            @Override
            RecurrentForm form(LstmGrad op, List<DeviceTensor> operands) {
                Lstm forward = op.forward();
                return RecurrentForm.of(
                        operands.get(6),
                        GATED_BLOCKS,
                        forward.reverse(),
                        forward.activation(),
                        forward.gateActivation());
            }

            @Override
            Launch step(LstmGrad op, RecurrentForm form, Memory memory, GradPlaces places, int position) {
                Lstm forward = op.forward();
                return kernel("lstm_step_grad", form)
                        .doing(
                                KernelArguments.builder()
                                        .pointer(memory.result(0))
                                        .pointer(places.columns)
                                        .pointer(places.before)
                                        .pointer(memory.result(3))
                                        .pointer(places.dcells)
                                        .pointer(forward.peepholes() ? places.addends : 0)
                                        .pointer(places.dyNext)
                                        .pointer(memory.operand(0))
                                        .pointer(op.throughCells() ? memory.operand(op.cellGradientAt()) : 0)
                                        .pointer(memory.operand(2))
                                        .pointer(memory.operand(3))
                                        .pointer(memory.operand(4))
                                        .pointer(memory.operand(5))
                                        .pointer(memory.operand(6))
                                        .pointer(forward.peepholes() ? memory.operand(op.peepholesAt()) : 0),
                                forward.masked() ? memory.operand(op.maskAt()) : 0,
                                position);
            }

            @Override
            List<Launch> last(LstmGrad op, RecurrentForm form, Memory memory, GradPlaces places) {
                return op.forward().peepholes()
                        ? ReduceLaunches.sumRows(
                                perSample(form, places.addends), flat(memory.results.get(4)), places.sums)
                        : List.of();
            }
        };
    }

    private static DeviceTensor perSample(RecurrentForm form, long address) {
        return new DeviceTensor(CudaType.FLOAT32, Shape.shape(form.samples(), PEEPHOLES * form.units()), address);
    }

    private static DeviceTensor flat(DeviceTensor tensor) {
        return new DeviceTensor(tensor.type(), Shape.shape(tensor.count()), tensor.address());
    }

    /** Operands x, rw, y0; results y, z. */
    static OpLaunches<SimpleRnn> simpleRnn() {
        return new Forward<>() {
            @Override
            RecurrentForm form(SimpleRnn op, List<DeviceTensor> operands) {
                return RecurrentForm.of(operands.get(0), 1, op.reverse(), op.activation(), op.activation());
            }

            @Override
            Launch step(SimpleRnn op, RecurrentForm form, Memory memory, Places places, int position) {
                return kernel("rnn_step", form)
                        .doing(
                                KernelArguments.builder()
                                        .pointers(memory.results.toArray(new DeviceTensor[0]))
                                        .pointer(places.state)
                                        .pointer(memory.operand(0))
                                        .pointer(places.products),
                                op.masked() ? memory.operand(op.maskAt()) : 0,
                                position);
            }
        };
    }

    /** Operands dy, rw, y0, y, z; results dx, drw, dy0. */
    static OpLaunches<SimpleRnnGrad> simpleRnnGrad() {
        return new Backward<>() {
            @Override
            RecurrentForm form(SimpleRnnGrad op, List<DeviceTensor> operands) {
                SimpleRnn forward = op.forward();
                return RecurrentForm.of(
                        operands.get(4), 1, forward.reverse(), forward.activation(), forward.activation());
            }

            @Override
            Launch step(SimpleRnnGrad op, RecurrentForm form, Memory memory, GradPlaces places, int position) {
                return kernel("rnn_step_grad", form)
                        .doing(
                                KernelArguments.builder()
                                        .pointer(memory.result(0))
                                        .pointer(places.columns)
                                        .pointer(places.before)
                                        .pointer(places.dyNext)
                                        .pointer(memory.operand(0))
                                        .pointer(memory.operand(2))
                                        .pointer(memory.operand(3))
                                        .pointer(memory.operand(4)),
                                op.forward().masked() ? memory.operand(op.maskAt()) : 0,
                                position);
            }

            @Override
            List<Launch> last(SimpleRnnGrad op, RecurrentForm form, Memory memory, GradPlaces places) {
                return List.of();
            }
        };
    }

    private static StepKernel kernel(String template, RecurrentForm form) {
        return new StepKernel(KernelName.of(RECURRENT, template, form.type()), form);
    }

    /** The kernel of a step. */
    private record StepKernel(KernelName name, RecurrentForm form) {
        Launch doing(KernelArguments.Builder arguments, long mask, int position) {
            return Launch.flat(
                    name, form.states(), 1, arguments.struct(form.toBytes(mask)).int32(position));
        }
    }

    /** Where operands and results are. */
    private record Memory(List<DeviceTensor> operands, List<DeviceTensor> results) {
        long operand(int index) {
            return operands.get(index).address();
        }

        long result(int index) {
            return results.get(index).address();
        }
    }

    /**
     * Scratch memory of a layer.
     *
     * @param products [n, blocks h], float32
     * @param state [n, h]
     * @param cells [n, h], float32
     */
    private record Places(long products, long state, long cells, long workspace, long end) {
        static Places of(RecurrentForm form, long scratch) {
            long state = scratch + Arena.aligned(form.samples() * form.columns() * Float.BYTES);
            long cells = state + Arena.aligned(form.states() * form.type().bytes());
            long cellBytes = form.blocks() == 1 ? 0 : form.states() * Float.BYTES;
            long workspace = cells + Arena.aligned(cellBytes);
            return new Places(
                    scratch, state, cells, workspace, workspace + form.ofState().workspaceBytes());
        }
    }

    /**
     * Scratch memory of a gradient.
     *
     * @param columns [n, blocks h]
     * @param before [n, t, h]
     * @param dyNext [n, h], float32
     * @param dcells [n, h], float32
     * @param addends [n, 3, h], float32
     * @param sums for adding these up
     */
    private record GradPlaces(
            long columns, long before, long dyNext, long dcells, long addends, long sums, long workspace, long end) {
        static GradPlaces of(RecurrentForm form, boolean hasPeepholes, long scratch) {
            int bytes = form.type().bytes();
            long before = scratch + Arena.aligned(form.samples() * form.columns() * bytes);
            long dyNext = before + Arena.aligned(form.states() * form.steps() * bytes);
            long dcells = dyNext + Arena.aligned(form.states() * Float.BYTES);
            long addends = dcells + Arena.aligned(form.blocks() == 1 ? 0 : form.states() * Float.BYTES);
            DeviceTensor all = perSample(form, addends);
            long sums = addends + (hasPeepholes ? Arena.aligned(all.count() * Float.BYTES) : 0);
            long workspace = sums + (hasPeepholes ? ReduceLaunches.sumRowsScratchBytes(all) : 0);
            long workspaceBytes = Math.max(
                    form.ofWeights().workspaceBytes(), form.ofColumns(false).workspaceBytes());
            return new GradPlaces(
                    scratch, before, dyNext, dcells, addends, sums, workspace, workspace + workspaceBytes);
        }
    }

    private abstract static class Layer<O extends Op> implements OpLaunches<O> {
        abstract RecurrentForm form(O op, List<DeviceTensor> operands);

        @Override
        public boolean accepts(O op, List<DeviceTensor> operands) {
            return form(op, operands).isSupported();
        }
    }

    /** Steps from the first position to the last. */
    private abstract static class Forward<O extends Op> extends Layer<O> {
        abstract Launch step(O op, RecurrentForm form, Memory memory, Places places, int position);

        @Override
        public long scratchBytes(O op, List<DeviceTensor> operands) {
            return Places.of(form(op, operands), 0).end;
        }

        @Override
        public List<Step> launches(O op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
            RecurrentForm form = form(op, operands);
            Memory memory = new Memory(operands, results);
            Places places = Places.of(form, scratch);
            List<Step> steps = new ArrayList<>();
            for (int position = 0; position < form.steps(); position++) {
                long state = position == 0 ? memory.operand(2) : places.state;
                steps.add(
                        new BoundProduct(form.ofState(), places.products, state, memory.operand(1), places.workspace));
                steps.add(step(op, form, memory, places, position));
            }
            return steps;
        }
    }

    /** Steps from the last position to the first; operand 1 are the weights, results 1 and 2 drw and dy0. */
    private abstract static class Backward<O extends Op> extends Layer<O> {
        abstract Launch step(O op, RecurrentForm form, Memory memory, GradPlaces places, int position);

        /** What is left to do after all steps. */
        abstract List<Launch> last(O op, RecurrentForm form, Memory memory, GradPlaces places);

        private GradPlaces places(O op, List<DeviceTensor> operands, long scratch) {
            boolean hasPeepholes = op instanceof LstmGrad lstm && lstm.forward().peepholes();
            return GradPlaces.of(form(op, operands), hasPeepholes, scratch);
        }

        @Override
        public long scratchBytes(O op, List<DeviceTensor> operands) {
            return places(op, operands, 0).end;
        }

        @Override
        public List<Step> launches(O op, List<DeviceTensor> operands, List<DeviceTensor> results, long scratch) {
            RecurrentForm form = form(op, operands);
            Memory memory = new Memory(operands, results);
            GradPlaces places = places(op, operands, scratch);
            List<Step> steps = new ArrayList<>();
            for (int position = Math.toIntExact(form.steps()) - 1; position >= 0; position--) {
                steps.add(step(op, form, memory, places, position));
                steps.add(new BoundProduct(
                        form.ofColumns(position == 0),
                        position == 0 ? memory.result(2) : places.dyNext,
                        places.columns,
                        memory.operand(1),
                        places.workspace));
            }
            steps.add(new BoundProduct(
                    form.ofWeights(), memory.result(1), places.before, memory.result(0), places.workspace));
            steps.addAll(last(op, form, memory, places));
            return steps;
        }
    }

    /** All kernels that these launches may name. */
    static List<KernelName> kernels() {
        List<KernelName> all = new ArrayList<>();
        for (CudaType type : CudaType.COMPUTED) {
            for (String template : List.of("lstm_step", "lstm_step_grad", "rnn_step", "rnn_step_grad")) {
                all.add(KernelName.of(RECURRENT, template, type));
            }
        }
        return all;
    }
}
