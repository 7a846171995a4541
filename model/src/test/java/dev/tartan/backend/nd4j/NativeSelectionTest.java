package dev.tartan.backend.nd4j;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.backend.nd4j.NativeSelection.Choice;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.nd4j.linalg.factory.Nd4j;
import org.nd4j.nativeblas.NativeOpsHolder;

class NativeSelectionTest {
    private static final Set<String> AVX2 = Set.of("sse4_2", "avx", "avx2", "fma");
    private static final Set<String> AVX512 =
            Set.of("avx", "avx2", "fma", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl");

    @Test
    void bestBuildTheCpuRunsIsChosen() {
        assertThat(NativeSelection.choose(AVX512, variant -> true).variant()).isEqualTo(NativeVariant.ONEDNN_AVX512);
        assertThat(NativeSelection.choose(AVX2, variant -> true).variant()).isEqualTo(NativeVariant.ONEDNN_AVX2);
    }

    @Test
    void everyObstacleToABetterBuildIsNamed() {
        Choice choice = NativeSelection.choose(AVX2, variant -> variant == NativeVariant.PLAIN);
        assertThat(choice.variant()).isEqualTo(NativeVariant.PLAIN);
        assertThat(choice.obstacles())
                .isEqualTo(List.of("ONEDNN_AVX512=cpu cannot run it", "ONEDNN_AVX2=jar is missing"));
    }

    @Test
    void noJarAtAllIsAnError() {
        assertThatThrownBy(() -> NativeSelection.choose(Set.of(), variant -> false))
                .hasMessage("no ND4J CPU library can be loaded: ONEDNN_AVX512=cpu cannot run it, "
                        + "ONEDNN_AVX2=cpu cannot run it, PLAIN=jar is missing. Add the nd4j-native jars.");
    }

    @Test
    void flagsOfTheFirstProcessorAreRead() {
        assertThat(NativeSelection.parseCpuFlags(
                        Stream.of("processor\t: 0", "flags\t\t: fpu avx avx2", "processor\t: 1", "flags\t\t: fpu")))
                .containsExactlyInAnyOrder("fpu", "avx", "avx2");
        assertThat(NativeSelection.parseCpuFlags(Stream.of("processor\t: 0"))).isEmpty();
    }

    @Test
    void theChosenBuildIsTheOneLoaded() {
        NativeVariant loaded = NativeSelection.loaded();
        Nd4j.create(1);
        assertThat(loaded.extension()).isEqualTo(System.getProperty(NativeSelection.EXTENSION_PROPERTY));
        assertThat(NativeOpsHolder.getInstance()
                        .getDeviceNativeOps()
                        .buildInfo()
                        .contains("HAVE_ONEDNN"))
                .isEqualTo(loaded != NativeVariant.PLAIN);
    }

    @Test
    void everyBuildIsOnTheClassPath() {
        assertThat(NativeVariant.values()).allMatch(NativeVariant::isOnClassPath);
    }
}
