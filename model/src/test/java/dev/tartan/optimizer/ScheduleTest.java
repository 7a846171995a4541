package dev.tartan.optimizer;

import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.tartan.graph.DType;
import dev.tartan.graph.GraphBuilder;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Tensor;
import dev.tartan.op.reference.HostTensor;
import dev.tartan.op.reference.ReferenceInterpreter;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class ScheduleTest {
    private static final TensorType STEP = new TensorType(DType.INT32, shape());

    private static double factor(Schedule schedule, int step) {
        GraphBuilder graph = new GraphBuilder("schedule");
        Tensor factor = schedule.factor(Tensor.input(graph, "step", STEP));
        return ReferenceInterpreter.run(
                        graph.build(Map.of("factor", factor.value())),
                        List.of(new HostTensor(STEP, new double[] {step})))
                .get("factor")
                .item();
    }

    @Test
    void constantStaysAtOne() {
        assertThat(factor(Schedule.constant(), 0)).isEqualTo(1);
        assertThat(factor(Schedule.constant(), 1_000_000)).isEqualTo(1);
    }

    @Test
    void warmUpRisesInALineToTheFullRate() {
        Schedule schedule = new Schedule(Schedule.Kind.COSINE, 4, 20);
        assertThat(factor(schedule, 0)).isEqualTo(0.25);
        assertThat(factor(schedule, 1)).isEqualTo(0.5);
        assertThat(factor(schedule, 3)).isEqualTo(1);
        assertThat(factor(schedule, 4)).isEqualTo(1);
    }

    @Test
    void cosineAndLinearFollowTheirClosedForms() {
        for (int step = 4; step < 30; step++) {
            double p = Math.min(1, (step - 4) / 16.0);
            assertThat(factor(new Schedule(Schedule.Kind.LINEAR, 4, 20), step)).isCloseTo(1 - p, within(1e-15));
            assertThat(factor(new Schedule(Schedule.Kind.COSINE, 4, 20), step))
                    .isCloseTo(0.5 * (1 + Math.cos(Math.PI * p)), within(1e-15));
        }
    }
}
