package dev.tartan.dl4j;

import dev.tartan.graph.DType;
import dev.tartan.network.Param;
import dev.tartan.op.Tensor;
import dev.tartan.optimizer.Optimizer;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.stream.Stream;
import org.deeplearning4j.nn.api.layers.LayerConstraint;
import org.deeplearning4j.nn.conf.GradientNormalization;
import org.jspecify.annotations.Nullable;
import org.nd4j.linalg.learning.config.Adam;
import org.nd4j.linalg.learning.config.IUpdater;
import org.nd4j.linalg.learning.regularization.L1Regularization;
import org.nd4j.linalg.learning.regularization.L2Regularization;
import org.nd4j.linalg.learning.regularization.Regularization;
import org.nd4j.linalg.learning.regularization.WeightDecay;

/**
 * Updates each parameter as its DL4J configuration says: gradient normalization, then l1 and l2, the updater, weight
 * decay, constraints. {@link Dl4jNetwork#optimizer} and {@link #uniform} make it. Parameters without a rule are
 * refused.
 */
public final class Dl4jOptimizer implements Optimizer {
    /** DL4J applies a constraint twice to the same parameter (BaseConstraint.applyConstraint). */
    private static final int CONSTRAINT_TIMES = 2;

    private final Map<String, UpdateRule> rules;
    private final int firstIteration;
    private final int firstEpoch;
    private final long stepsPerEpoch;
    private final boolean oneEpoch;
    private final boolean correct;
    private final boolean maximizes;

    Dl4jOptimizer(Map<String, UpdateRule> rules, boolean correct) {
        this(rules, 0, 0, 0, false, correct, false);
    }

    private Dl4jOptimizer(
            Map<String, UpdateRule> rules,
            int firstIteration,
            int firstEpoch,
            long stepsPerEpoch,
            boolean oneEpoch,
            boolean correct,
            boolean maximizes) {
        this.rules = Collections.unmodifiableMap(new LinkedHashMap<>(rules));
        this.firstIteration = firstIteration;
        this.firstEpoch = firstEpoch;
        this.stepsPerEpoch = stepsPerEpoch;
        this.oneEpoch = oneEpoch;
        this.correct = correct;
        this.maximizes = maximizes;
    }

    /**
     * The same rule for all parameters, as SameDiff's training configurations have it: l1 and l2, the updater, weight
     * decay.
     *
     * @param parameters names of those that are trained
     * @param maximizes whether updates are added instead of subtracted
     * @throws IllegalArgumentException naming the updater, schedules and regularizations that are not known
     */
    public static Dl4jOptimizer uniform(
            Collection<String> parameters, IUpdater updater, List<Regularization> regularization, boolean maximizes) {
        KnownParts known = new KnownParts();
        known.checkUpdates("training configuration", updater, regularization);
        known.throwIfAny("SameDiff graph", "SameDiff");
        UpdateRule rule =
                new UpdateRule("all", updater, regularization, 0, List.of(), GradientNormalization.None, 0, List.of());
        Map<String, UpdateRule> rules = new LinkedHashMap<>();
        parameters.forEach(name -> rules.put(name, rule));
        return new Dl4jOptimizer(rules, 0, 0, 0, false, false, maximizes);
    }

    /** This optimizer for a network that has made so many updates and epochs already. */
    public Dl4jOptimizer startingAt(int iteration, int epoch) {
        return new Dl4jOptimizer(rules, iteration, epoch, stepsPerEpoch, oneEpoch, correct, maximizes);
    }

    /**
     * This optimizer for a run of a single epoch whose steps are counted from the network's first update, as with
     * {@code TrainingJob.initialState}.
     *
     * @param epoch what schedules that go by epochs see in all steps
     */
    public Dl4jOptimizer withinEpoch(int epoch) {
        return new Dl4jOptimizer(rules, 0, epoch, stepsPerEpoch, true, correct, maximizes);
    }

    @Override
    public Dl4jOptimizer ofEpoch(long steps) {
        return new Dl4jOptimizer(rules, firstIteration, firstEpoch, steps, oneEpoch, correct, maximizes);
    }

    @Override
    public List<String> stateNames(Param declared) {
        return Objects.requireNonNull(UpdaterFormulas.stateNames(rule(declared).updater()), declared::name);
    }

    @Override
    public double initialState(String name, Param declared) {
        return UpdaterFormulas.initialState(rule(declared).updater());
    }

    /** The rules by name of parameter. */
    Map<String, UpdateRule> rules() {
        return rules;
    }

    private UpdateRule rule(Param declared) {
        UpdateRule rule = rules.get(declared.name());
        if (rule == null) {
            throw new IllegalArgumentException("parameter is not of the DL4J network that the optimizer is of:"
                    + " parameter=" + declared.name() + ". Use Dl4jNetwork.optimizer() with its own network.");
        }
        return rule;
    }

    @Override
    public Updates begin(Tensor step, DType dtype) {
        Tensor iteration = step.cast(DType.FLOAT64).add(firstIteration);
        return new RuleUpdates(new ScheduledValue(iteration, epoch(step)));
    }

    private @Nullable Tensor epoch(Tensor step) {
        if (oneEpoch) {
            return step.cast(DType.FLOAT64).filled(firstEpoch);
        }
        if (stepsPerEpoch == 0) {
            return null;
        }
        // Through INT32, which cuts off what is behind the point.
        return step.cast(DType.FLOAT64)
                .div((double) stepsPerEpoch)
                .cast(DType.INT32)
                .cast(DType.FLOAT64)
                .add(firstEpoch);
    }

    /** For the run's record: what differs makes another run. */
    @Override
    public String toString() {
        return "Dl4jOptimizer[firstIteration=" + firstIteration + ", firstEpoch=" + firstEpoch + ", correct=" + correct
                + (maximizes ? ", maximizes" : "") + ", rules=" + rules + "]";
    }

    private final class RuleUpdates implements Updates {
        private final ScheduledValue values;

        RuleUpdates(ScheduledValue values) {
            this.values = values;
        }

        @Override
        public Prepared prepare(List<Param> declared, List<Tensor> gradients, List<StateUpdate> states) {
            declared.forEach(Dl4jOptimizer.this::rule);
            return new GradientNorms(rules, declared, gradients, states).apply();
        }

        @Override
        public Updated update(Param declared, Tensor value, Tensor gradient, List<Tensor> state) {
            UpdateRule rule = rule(declared);
            IUpdater updater = rule.updater();
            Tensor regularized = regularized(rule, declared, value, gradient);
            List<Tensor> updated;
            Tensor next;
            if (updater instanceof Adam adam && !decays(rule) && !maximizes) {
                updated = UpdaterFormulas.adam(adam, value, regularized, state, values);
                next = updated.get(0);
            } else {
                updated = UpdaterFormulas.update(updater, regularized, state, values);
                Tensor update = decayed(rule, declared, value, updated.get(0));
                next = maximizes ? value.add(update) : value.sub(update);
            }
            for (LayerConstraint constraint : rule.constraints()) {
                next = Constraints.apply(constraint, declared, next, correct ? 1 : CONSTRAINT_TIMES);
            }
            return new Updated(next, new ArrayList<>(updated.subList(1, updated.size())));
        }

        private Tensor regularized(UpdateRule rule, Param declared, Tensor value, Tensor gradient) {
            return sum(gradient, joined(rule, declared, value, list -> beforeUpdate(list, value)));
        }

        private boolean decays(UpdateRule rule) {
            return Stream.concat(rule.regularization().stream(), rule.tailRegularization().stream())
                    .anyMatch(WeightDecay.class::isInstance);
        }

        private Tensor decayed(UpdateRule rule, Param declared, Tensor value, Tensor update) {
            Tensor rate = UpdaterFormulas.rate(rule.updater(), values);
            return sum(update, joined(rule, declared, value, list -> afterUpdate(list, value, rate)));
        }

        private static Tensor sum(Tensor x, @Nullable Tensor more) {
            return more == null ? x : x.add(more);
        }

        /** The terms of a parameter, of which the elements at the end may have others. */
        private @Nullable Tensor joined(
                UpdateRule rule, Param declared, Tensor value, Function<List<Regularization>, @Nullable Tensor> terms) {
            Tensor first = terms.apply(rule.regularization());
            Tensor last = rule.tail() == 0 ? first : terms.apply(rule.tailRegularization());
            if (first == last) {
                return first;
            }
            Tensor zero = value.filled(0);
            return Tensor.select(
                    LastElements.of(declared, value, rule.tail()),
                    last == null ? zero : last,
                    first == null ? zero : first);
        }

        private @Nullable Tensor beforeUpdate(List<Regularization> list, Tensor value) {
            Tensor total = null;
            for (Regularization r : list) {
                if (r instanceof L1Regularization l1) {
                    Tensor term = value.sign().mul(values.of(l1.getL1()).cast(value.dtype()));
                    total = total == null ? term : total.add(term);
                } else if (r instanceof L2Regularization l2) {
                    Tensor term = value.mul(values.of(l2.getL2()).cast(value.dtype()));
                    total = total == null ? term : total.add(term);
                }
            }
            return total;
        }

        private @Nullable Tensor afterUpdate(List<Regularization> list, Tensor value, Tensor rate) {
            Tensor total = null;
            for (Regularization r : list) {
                if (r instanceof WeightDecay decay) {
                    Tensor scale = values.of(decay.getCoeff());
                    Tensor term = value.mul((decay.isApplyLR() ? scale.mul(rate) : scale).cast(value.dtype()));
                    total = total == null ? term : total.add(term);
                }
            }
            return total;
        }
    }
}
