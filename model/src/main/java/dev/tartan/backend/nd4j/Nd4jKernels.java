package dev.tartan.backend.nd4j;

import dev.tartan.backend.Buffer;
import dev.tartan.backend.KernelFactory;
import dev.tartan.backend.KernelTable;
import dev.tartan.backend.Scratch;
import dev.tartan.backend.host.HostKernel;
import dev.tartan.graph.TensorType;
import dev.tartan.op.Activate;
import dev.tartan.op.AddN;
import dev.tartan.op.AveragePool2d;
import dev.tartan.op.AveragePool2dGrad;
import dev.tartan.op.Binary;
import dev.tartan.op.BroadcastTo;
import dev.tartan.op.Cast;
import dev.tartan.op.Compare;
import dev.tartan.op.Concat;
import dev.tartan.op.Constrain;
import dev.tartan.op.Conv2d;
import dev.tartan.op.Conv2dFilterGrad;
import dev.tartan.op.ConvTranspose2d;
import dev.tartan.op.DepthwiseConv2d;
import dev.tartan.op.DepthwiseConv2dFilterGrad;
import dev.tartan.op.DepthwiseConvTranspose2d;
import dev.tartan.op.Einsum;
import dev.tartan.op.Fill;
import dev.tartan.op.GatherRows;
import dev.tartan.op.Iota;
import dev.tartan.op.MaxPool2d;
import dev.tartan.op.MaxPool2dGrad;
import dev.tartan.op.Pad;
import dev.tartan.op.RandomUniform;
import dev.tartan.op.Reduce;
import dev.tartan.op.Reshape;
import dev.tartan.op.ScalarBinary;
import dev.tartan.op.ScatterAddRows;
import dev.tartan.op.Select;
import dev.tartan.op.Slice;
import dev.tartan.op.StopGradient;
import dev.tartan.op.Transpose;
import dev.tartan.op.Unary;
import java.util.List;

/** The op table of ND4J's kernels: every primitive; fused ops run as their decomposition. Serves CPU and GPU alike. */
final class Nd4jKernels {
    private Nd4jKernels() {}

    static KernelTable.Builder primitives() {
        return KernelTable.builder()
                .prefer(AddN.class, ElementwiseKernels::addN)
                .prefer(Binary.class, ElementwiseKernels::binary)
                .prefer(ScalarBinary.class, ElementwiseKernels::scalarBinary)
                .prefer(Unary.class, ElementwiseKernels::unary)
                .prefer(Activate.class, ElementwiseKernels.tanh())
                .prefer(Compare.class, ElementwiseKernels::compare)
                .prefer(Select.class, ElementwiseKernels::select)
                .prefer(Cast.class, ElementwiseKernels::cast)
                .prefer(Reshape.class, ShapeKernels::copy)
                .prefer(Constrain.class, ShapeKernels::copy)
                .prefer(StopGradient.class, ShapeKernels::copy)
                .prefer(Transpose.class, ShapeKernels::transpose)
                .prefer(BroadcastTo.class, ShapeKernels::broadcastTo)
                .prefer(Slice.class, ShapeKernels::slice)
                .prefer(Pad.class, ShapeKernels::pad)
                .prefer(Concat.class, ShapeKernels::concat)
                .prefer(Fill.class, ShapeKernels::fill)
                .prefer(Iota.class, ShapeKernels::iota)
                .prefer(Reduce.class, ReduceKernels::reduce)
                .prefer(Einsum.class, EinsumKernels::einsum)
                .prefer(Conv2d.class, new ConvKernels.Forward())
                .prefer(ConvTranspose2d.class, new ConvKernels.Transposed())
                .prefer(Conv2dFilterGrad.class, new ConvKernels.FilterGradient())
                .prefer(DepthwiseConv2d.class, new DepthwiseKernels.Forward())
                .prefer(DepthwiseConvTranspose2d.class, new DepthwiseKernels.Transposed())
                .prefer(DepthwiseConv2dFilterGrad.class, new DepthwiseKernels.FilterGradient())
                .prefer(MaxPool2d.class, new PoolKernels.Max())
                .prefer(MaxPool2dGrad.class, new PoolKernels.MaxGradient())
                .prefer(AveragePool2d.class, new PoolKernels.Average())
                .prefer(AveragePool2dGrad.class, new PoolKernels.AverageGradient())
                .prefer(RandomUniform.class, RandomKernels::uniform)
                .prefer(GatherRows.class, new KernelFactory<>() {
                    @Override
                    public long scratchBytes(GatherRows op, List<TensorType> operands) {
                        return RowKernels.gatherScratchBytes(op, operands);
                    }

                    @Override
                    public HostKernel bind(
                            GatherRows op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                        return RowKernels.gather(op, operands, results, scratch);
                    }
                })
                .prefer(ScatterAddRows.class, new KernelFactory<>() {
                    @Override
                    public long scratchBytes(ScatterAddRows op, List<TensorType> operands) {
                        return RowKernels.scatterScratchBytes(op, operands);
                    }

                    @Override
                    public HostKernel bind(
                            ScatterAddRows op, List<Buffer> operands, List<Buffer> results, Scratch scratch) {
                        return RowKernels.scatterAdd(op, operands, results, scratch);
                    }
                });
    }
}
