package dev.tartan.train.data;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.tartan.checkpoint.TensorSlice;
import dev.tartan.mesh.Shape;
import org.junit.jupiter.api.Test;

class HostTensorTest {
    private final HostTensor tensor = HostTensor.ofInts(Shape.shape(2, 3), new int[] {0, 1, 2, 10, 11, 12});

    @Test
    void sliceCopiesTheBox() {
        HostTensor slice = tensor.slice(TensorSlice.of(new long[] {0, 1}, new long[] {2, 2}));
        assertThat(slice.shape()).isEqualTo(Shape.shape(2, 2));
        assertThat(slice.ints()).containsExactly(1, 2, 11, 12);
    }

    @Test
    void misuseIsReported() {
        assertThatThrownBy(tensor::floats)
                .hasMessage("host tensor has another element type: dtype=INT32, wanted=FLOAT32.");
        assertThatThrownBy(() -> tensor.slice(TensorSlice.of(new long[] {0, 1}, new long[] {2, 3})))
                .hasMessage("slice is not within the tensor: slice=[0:2, 1:4], shape=[2, 3]."
                        + " Cut the tensor along its own dims.");
        assertThatThrownBy(() -> HostTensor.ofFloats(Shape.shape(2), new float[3]))
                .hasMessage("values do not fill the tensor: shape=[2], numValues=3. Give one value for each element.");
    }
}
