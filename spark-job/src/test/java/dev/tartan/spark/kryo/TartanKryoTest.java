package dev.tartan.spark.kryo;

import static dev.tartan.mesh.PartitionSpec.axes;
import static dev.tartan.mesh.PartitionSpec.spec;
import static dev.tartan.mesh.Shape.shape;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.graph.TensorType;
import dev.tartan.mesh.Device;
import dev.tartan.mesh.Mesh;
import dev.tartan.mesh.NamedSharding;
import dev.tartan.plan.DeviceTraits;
import dev.tartan.spark.runtime.TaskOutcome;
import dev.tartan.train.TrainingJob;
import dev.tartan.train.TrainingPlan;
import dev.tartan.train.TrainingResult;
import dev.tartan.train.config.RunConfig;
import dev.tartan.train.config.RunConfigLoader;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

class TartanKryoTest {
    private static final List<Class<?>> ROOTS =
            List.of(TrainingPlan.class, TrainingResult.class, TaskOutcome.class, taskMessage());

    record Unknown(int value) {}

    @Test
    void everyTypeThatTravelsIsRegistered() {
        Set<String> travelling = TravellingTypes.reachableFrom(ROOTS);
        assertThat(travelling).contains("dev.tartan.op.AdamW", "dev.tartan.mesh.Shape", "dev.tartan.graph.DType");
        TreeSet<String> missing = new TreeSet<>(travelling);
        missing.removeAll(RegisteredClasses.names());
        assertThat(missing)
                .as("types to add to registered-classes.txt:\n%s\n", String.join("\n", missing))
                .isEmpty();
    }

    @Test
    void noTypeIsListedTwice() {
        assertThat(RegisteredClasses.names()).doesNotHaveDuplicates();
    }

    /** Not public: only jobs make them. */
    private static Class<?> taskMessage() {
        try {
            return Class.forName("dev.tartan.spark.runtime.TaskMessage");
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void plainDataComesBackEqual() {
        Mesh mesh = Mesh.of(Device.cpus(4), shape(2, 2), "data", "model");
        assertRoundTrip(new NamedSharding(mesh, spec(axes("data", "model"), null), List.of()));
        assertRoundTrip(new TensorType(DType.FLOAT32, shape(8, 256, 512)));
        assertRoundTrip(new TensorType(DType.INT32, shape()));
    }

    @Test
    void collectionsComeBackEqualAndUnmodifiable() {
        assertRoundTrip(List.of());
        assertRoundTrip(List.of("a"));
        assertRoundTrip(List.of("a", "b", "c"));
        assertRoundTrip(List.of("a", "b", "c").subList(1, 3));
        assertRoundTrip(Collections.unmodifiableList(new ArrayList<>(List.of(1L, 2L))));
        assertRoundTrip(Set.of("a", "b", "c"));
        assertRoundTrip(Map.of("a", 1, "b", 2));
        assertThatThrownBy(() -> roundTrip(List.of("a")).clear()).isInstanceOf(UnsupportedOperationException.class);
        assertThatThrownBy(() -> roundTrip(Map.of("a", 1)).clear()).isInstanceOf(UnsupportedOperationException.class);
    }

    @Test
    void mapsKeepTheirOrder() {
        Map<String, Integer> map = new LinkedHashMap<>();
        for (int i = 20; i > 0; i--) {
            map.put("key" + i, i);
        }
        assertThat(roundTrip(Collections.unmodifiableMap(map)).keySet()).containsExactlyElementsOf(map.keySet());
    }

    @Test
    void sharedObjectsStayShared() {
        TensorType type = new TensorType(DType.FLOAT32, shape(2));
        List<TensorType> back = roundTrip(List.of(type, type));
        assertThat(back.get(0)).isSameAs(back.get(1));
    }

    @Test
    void wholePlansComeBackEqual() {
        RunConfig config = RunConfigLoader.load(
                null,
                List.of(
                        "mesh.data=2",
                        "mesh.model=2",
                        "network.kind=llama",
                        "network.vocab=257",
                        "network.context=8",
                        "network.hidden=16",
                        "network.layers=2",
                        "network.heads=4",
                        "data.kind=text",
                        "data.path=some/where"));
        TrainingPlan plan = TrainingJob.of(config).compile(DeviceTraits.PLAIN);
        TrainingPlan back = roundTrip(plan);
        assertThat(back).isEqualTo(plan);
        assertThat(back.step().program()).hasToString(plan.step().program().toString());
    }

    @Test
    void whatIsNotRegisteredIsRefused() {
        assertThatThrownBy(() -> roundTrip(new Unknown(1)))
                .hasMessageContaining("Class is not registered: " + Unknown.class.getName());
    }

    private static void assertRoundTrip(Object value) {
        assertThat(roundTrip(value)).isEqualTo(value);
    }

    @SuppressWarnings("unchecked")
    private static <T> T roundTrip(T value) {
        return (T) TartanKryo.fromBytes(TartanKryo.toBytes(value));
    }
}
