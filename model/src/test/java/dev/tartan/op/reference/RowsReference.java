package dev.tartan.op.reference;

import static dev.tartan.op.reference.ReferenceInterpreter.known;

import dev.tartan.graph.TensorType;
import dev.tartan.op.GatherRows;
import dev.tartan.op.ScatterAddRows;
import java.util.List;

/** Rows of tables by index. */
final class RowsReference {
    private RowsReference() {}

    static List<double[]> gather(GatherRows op, List<HostTensor> in, List<TensorType> out) {
        HostTensor table = in.get(0);
        double[] indices = in.get(1).data();
        int width = Math.toIntExact(table.shape().dim(1));
        double[] rows = new double[indices.length * width];
        for (int i = 0; i < indices.length; i++) {
            int row = (int) indices[i] - known(op.offset());
            for (int j = 0; j < width; j++) {
                rows[i * width + j] = row >= 0 && row < table.shape().dim(0) ? table.at(row, j) : 0;
            }
        }
        return List.of(rows);
    }

    static List<double[]> scatterAdd(ScatterAddRows op, List<HostTensor> in, List<TensorType> out) {
        double[] indices = in.get(0).data();
        double[] rows = in.get(1).data();
        int width = Math.toIntExact(out.get(0).shape().dim(1));
        double[] table = new double[Math.toIntExact(op.numRows()) * width];
        for (int i = 0; i < indices.length; i++) {
            int row = (int) indices[i] - known(op.offset());
            if (row >= 0 && row < op.numRows()) {
                for (int j = 0; j < width; j++) {
                    table[row * width + j] += rows[i * width + j];
                }
            }
        }
        return List.of(table);
    }
}
