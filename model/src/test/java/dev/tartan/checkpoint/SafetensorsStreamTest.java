package dev.tartan.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.graph.DType;
import dev.tartan.mesh.Shape;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsStreamTest {
    @TempDir
    Path folder;

    private Path path = Path.of("");

    @BeforeEach
    void name() {
        path = folder.resolve("made.safetensors");
    }

    private static ByteBuffer floats(float... values) {
        ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float value : values) {
            bytes.putFloat(value);
        }
        return bytes.flip();
    }

    private SafetensorsStream stream(SafetensorsType type) {
        Shape pair = Shape.shape(1, 2);
        Shape none = Shape.shape(0);
        return SafetensorsStream.create(
                path,
                List.of(
                        new TensorDeclaration("a", type, pair, pair),
                        new TensorDeclaration("none", type, none, none),
                        new TensorDeclaration("b", DType.FLOAT32, Shape.shape(1))),
                Map.of("format", "pt"));
    }

    @Test
    void elementsAreWrittenAsTheTypeOfTheirTensor() {
        for (SafetensorsType type : List.of(SafetensorsType.F16, SafetensorsType.BF16, SafetensorsType.F32)) {
            boolean isNarrow = type != SafetensorsType.F32;
            try (SafetensorsStream stream = stream(type)) {
                // Wide elements come first in a file.
                if (isNarrow) {
                    stream.write("b", floats(0.1f));
                }
                stream.write("a", floats(1.5f));
                stream.write("a", floats(-0.1f));
                if (!isNarrow) {
                    stream.write("b", floats(0.1f));
                }
                stream.finish();
            }
            try (SafetensorsReader reader = SafetensorsReader.open(path)) {
                assertThat(reader.tensor("a").type()).isEqualTo(type);
                float rounded = type == SafetensorsType.F16
                        ? -0.0999755859375f
                        : type == SafetensorsType.BF16 ? -0.10009765625f : -0.1f;
                assertThat(reader.readFloats("a")).containsExactly(1.5f, rounded);
                assertThat(reader.readFloats("b")).containsExactly(0.1f);
                assertThat(reader.readFloats("none")).isEmpty();
                assertThat(reader.metadata()).containsExactly(Map.entry("format", "pt"));
            }
        }
    }

    @Test
    void tensorsComeInTheirOrderAndWholly() {
        try (SafetensorsStream stream = stream(SafetensorsType.F32)) {
            assertThatThrownBy(() -> stream.write("b", floats(1)))
                    .isInstanceOf(IllegalStateException.class)
                    .hasMessage(
                            "tensor is not next in the file: path=" + path + ", tensor=b, next=a, elements=1, left=2.");
            assertThatThrownBy(() -> stream.write("a", floats(1, 2, 3))).isInstanceOf(IllegalStateException.class);
            stream.write("a", floats(1, 2));
            assertThatThrownBy(stream::finish).isInstanceOf(IllegalStateException.class);
        }
        assertThat(path).doesNotExist();
    }

    @Test
    void aFileThatCannotBeMadeIsNamed() {
        path = folder.resolve("missing/made.safetensors");
        assertThatThrownBy(() -> stream(SafetensorsType.F32))
                .isInstanceOf(OutputException.class)
                .hasMessageStartingWith("output file cannot be written: path=" + path + ", reason=no such folder.");
    }
}
