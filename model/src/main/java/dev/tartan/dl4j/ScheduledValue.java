package dev.tartan.dl4j;

import dev.tartan.graph.DType;
import dev.tartan.op.Tensor;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.schedule.CycleSchedule;
import org.nd4j.linalg.schedule.ExponentialSchedule;
import org.nd4j.linalg.schedule.FixedSchedule;
import org.nd4j.linalg.schedule.ISchedule;
import org.nd4j.linalg.schedule.InverseSchedule;
import org.nd4j.linalg.schedule.MapSchedule;
import org.nd4j.linalg.schedule.PolySchedule;
import org.nd4j.linalg.schedule.ScheduleType;
import org.nd4j.linalg.schedule.SigmoidSchedule;
import org.nd4j.linalg.schedule.StepSchedule;

/**
 * The values of DL4J's schedules in a step, as FLOAT64 scalars; each is traced once. The formulas are those of
 * {@code ISchedule.valueAt}. Not thread-safe.
 */
final class ScheduledValue {
    private final Tensor iteration;
    private final @Nullable Tensor epoch;
    private final Map<ISchedule, Tensor> traced = new HashMap<>();
    private final Map<Object, List<Tensor>> shared = new HashMap<>();

    /**
     * Values at an iteration of an epoch, FLOAT64 scalars that count from 0.
     *
     * @param epoch null where no schedule goes by epochs
     */
    ScheduledValue(Tensor iteration, @Nullable Tensor epoch) {
        this.iteration = iteration;
        this.epoch = epoch;
    }

    /** Whether {@link #of} knows the schedule; null is a value that does not change. */
    static boolean isKnown(@Nullable ISchedule schedule) {
        return schedule == null
                || schedule instanceof FixedSchedule
                || schedule instanceof StepSchedule
                || schedule instanceof ExponentialSchedule
                || schedule instanceof InverseSchedule
                || schedule instanceof PolySchedule
                || schedule instanceof SigmoidSchedule
                || schedule instanceof MapSchedule
                || schedule instanceof CycleSchedule;
    }

    /** Whether the schedule goes by epochs. */
    static boolean isByEpoch(@Nullable ISchedule schedule) {
        ScheduleType type = schedule == null ? null : type(schedule);
        return type == ScheduleType.EPOCH;
    }

    private static @Nullable ScheduleType type(ISchedule schedule) {
        if (schedule instanceof StepSchedule s) {
            return s.getScheduleType();
        } else if (schedule instanceof ExponentialSchedule s) {
            return s.getScheduleType();
        } else if (schedule instanceof InverseSchedule s) {
            return s.getScheduleType();
        } else if (schedule instanceof PolySchedule s) {
            return s.getScheduleType();
        } else if (schedule instanceof SigmoidSchedule s) {
            return s.getScheduleType();
        } else if (schedule instanceof MapSchedule s) {
            return s.getScheduleType();
        } else if (schedule instanceof CycleSchedule s) {
            return s.getScheduleType();
        }
        return null;
    }

    /** What was traced for the same key before, or {@code trace} gives now. */
    List<Tensor> once(Object key, Supplier<List<Tensor>> trace) {
        List<Tensor> before = shared.get(key);
        if (before == null) {
            before = trace.get();
            shared.put(key, before);
        }
        return before;
    }

    /** The number of updates before this one, a FLOAT64 scalar. */
    Tensor iteration() {
        return iteration;
    }

    /** {@code value} if there is no schedule, else the schedule's. */
    Tensor of(double value, @Nullable ISchedule schedule) {
        return schedule == null ? iteration.filled(value) : of(schedule);
    }

    /** The schedule's value. */
    Tensor of(ISchedule schedule) {
        Tensor before = traced.get(schedule);
        if (before == null) {
            before = trace(schedule);
            traced.put(schedule, before);
        }
        return before;
    }

    private Tensor trace(ISchedule schedule) {
        Tensor i = position(schedule);
        if (schedule instanceof FixedSchedule s) {
            return i.filled(s.getValue());
        } else if (schedule instanceof StepSchedule s) {
            return floor(i.div(s.getStep())).rpow(s.getDecayRate()).mul(s.getInitialValue());
        } else if (schedule instanceof ExponentialSchedule s) {
            return i.rpow(s.getGamma()).mul(s.getInitialValue());
        } else if (schedule instanceof InverseSchedule s) {
            return i.filled(s.getInitialValue()).div(i.mul(s.getGamma()).add(1).pow(s.getPower()));
        } else if (schedule instanceof PolySchedule s) {
            // It grows, and is 0 from maxIter on: so it is in DL4J.
            Tensor grown =
                    i.div((double) s.getMaxIter()).add(1).pow(s.getPower()).mul(s.getInitialValue());
            return Tensor.select(i.lessThan(s.getMaxIter()), grown, i.filled(0));
        } else if (schedule instanceof SigmoidSchedule s) {
            Tensor e = i.sub(s.getStepSize()).mul(-s.getGamma()).exp();
            return i.filled(s.getInitialValue()).div(e.add(1));
        } else if (schedule instanceof MapSchedule s) {
            return ofMap(i, s);
        } else if (schedule instanceof CycleSchedule s) {
            return ofCycle(i, s);
        }
        throw new IllegalArgumentException("schedule is not known: schedule="
                + schedule.getClass().getSimpleName() + ". Use one of DL4J's others.");
    }

    private Tensor position(ISchedule schedule) {
        if (!isByEpoch(schedule)) {
            return iteration;
        }
        if (epoch == null) {
            throw new IllegalArgumentException("schedule goes by epochs, and it is not known how many steps make one:"
                    + " schedule=" + schedule + ". Train for a number of epochs, or use ScheduleType.ITERATION.");
        }
        return epoch;
    }

    /** Of numbers of 0 or more. */
    private static Tensor floor(Tensor x) {
        return x.cast(DType.INT32).cast(x.dtype());
    }

    private static Tensor ofMap(Tensor i, MapSchedule s) {
        int[] keys = s.getAllKeysSorted();
        Tensor value = i.filled(number(s, keys[0]));
        for (int k = 1; k < keys.length; k++) {
            value = Tensor.select(i.greaterEqual((double) keys[k]), i.filled(number(s, keys[k])), value);
        }
        return value;
    }

    private static double number(MapSchedule s, int key) {
        return Objects.requireNonNull(s.getValues().get(key), s::toString);
    }

    private static Tensor ofCycle(Tensor i, CycleSchedule s) {
        Tensor at = i.sub(floor(i.div((double) s.getCycleLength())).mul((double) s.getCycleLength()));
        Tensor up = at.mul(s.getIncrement()).add(s.getInitialLearningRate());
        Tensor down = at.sub(s.getStepSize()).mul(-s.getIncrement()).add(s.getMaxLearningRate());
        Tensor annealed = at.sub(s.getCycleLength() - s.getAnnealingLength())
                .rpow(s.getAnnealingDecay())
                .mul(s.getInitialLearningRate());
        Tensor late = Tensor.select(at.lessThan(2.0 * s.getStepSize()), down, annealed);
        return Tensor.select(at.lessThan(s.getStepSize()), up, late);
    }
}
