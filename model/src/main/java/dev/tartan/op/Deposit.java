package dev.tartan.op;

import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes a tensor from where it is used to where it is kept: {@code [used] -> [stored]}. Of a pending sum over the axes
 * that only the storage is split by this is a reduce-scatter, else a slice; padding is zero.
 */
public record Deposit(StorageLayout layout) implements Relayout {
    @Override
    public String name() {
        return "deposit";
    }

    @Override
    public Shape from() {
        return layout.used();
    }

    @Override
    public Shape to() {
        return layout.stored();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(dy == null ? null : dy.apply(new Fetch(layout)).get(0));
    }
}
