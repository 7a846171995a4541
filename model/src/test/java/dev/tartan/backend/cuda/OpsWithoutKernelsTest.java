package dev.tartan.backend.cuda;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.tartan.graph.Op;
import dev.tartan.op.Deposit;
import dev.tartan.op.Einsum;
import dev.tartan.op.EinsumEpilogue;
import dev.tartan.op.Fetch;
import dev.tartan.op.Roll;
import dev.tartan.op.SumSquares;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Every op of networks has CUDA kernels, or a reason why it has none. Those of package partition move data. */
class OpsWithoutKernelsTest {
    private static final Map<Class<? extends Op>, String> REASONS = Map.of(
            Einsum.class, "a product of cuBLASLt",
            EinsumEpilogue.class, "a product of cuBLASLt with its epilogue",
            SumSquares.class, "runs as a square and a sum: one more pass over memory than a kernel would take",
            Fetch.class, "a collective in every program",
            Deposit.class, "a collective in every program",
            Roll.class, "a permute in every program");

    @Test
    void everyOpHasKernelsOrAReason() {
        Set<String> expected = REASONS.keySet().stream().map(Class::getName).collect(Collectors.toSet());
        Set<String> withKernels = CudaOps.types().stream().map(Class::getName).collect(Collectors.toSet());
        Set<String> without = new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS).importPackages("dev.tartan.op").stream()
                        .filter(type -> type.isAssignableTo(Op.class))
                        .filter(type ->
                                !type.isInterface() && !type.getModifiers().contains(JavaModifier.ABSTRACT))
                        .map(JavaClass::getName)
                        .filter(name -> !withKernels.contains(name))
                        .collect(Collectors.toSet());
        assertThat(without).as("ops without kernels").isEqualTo(expected);
    }
}
