package dev.tartan.op;

import dev.tartan.mesh.Shape;
import dev.tartan.mesh.StorageLayout;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Takes a tensor from where it is kept to where it is used: {@code [stored] -> [used]}. Over the axes that only the
 * storage is split by this is an all-gather; padding is cut off.
 */
public record Fetch(StorageLayout layout) implements Relayout {
    @Override
    public String name() {
        return "fetch";
    }

    @Override
    public Shape from() {
        return layout.stored();
    }

    @Override
    public Shape to() {
        return layout.used();
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor dy = resultGradients.get(0);
        return Arrays.asList(dy == null ? null : dy.apply(new Deposit(layout)).get(0));
    }
}
