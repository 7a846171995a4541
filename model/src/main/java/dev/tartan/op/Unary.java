package dev.tartan.op;

import dev.tartan.graph.ShardingRule;
import dev.tartan.graph.TensorType;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** One function applied to each element of a floating-point tensor. */
public record Unary(Kind kind) implements DifferentiableOp {
    /** The functions. */
    public enum Kind {
        NEG,
        ABS,
        SIGN,
        EXP,
        LOG,
        SQRT,
        RSQRT,
        RECIPROCAL,
        SQUARE,
        SIN,
        COS
    }

    @Override
    public String name() {
        return kind.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public List<TensorType> resultTypes(List<TensorType> operands) {
        Types.count(this, operands, 1);
        Types.floating(this, operands.get(0));
        return operands;
    }

    @Override
    public ShardingRule shardingRule(List<TensorType> operands) {
        ShardingRule.Builder rule = Rules.elementwise(operands, operands.get(0).shape(), 1);
        return kind == Kind.NEG ? rule.linearInEach(0).build() : rule.build();
    }

    @Override
    public List<Integer> inPlaceOperands() {
        return List.of(0);
    }

    @Override
    public List<@Nullable Tensor> gradient(
            List<Tensor> operands, List<Tensor> results, List<@Nullable Tensor> resultGradients) {
        Tensor x = operands.get(0);
        Tensor y = results.get(0);
        Tensor dy = resultGradients.get(0);
        if (dy == null) {
            return Arrays.asList((Tensor) null);
        }
        return Arrays.asList(
                switch (kind) {
                    case NEG -> dy.neg();
                    case ABS -> dy.mul(x.sign());
                    case SIGN -> null;
                    case EXP -> dy.mul(y);
                    case LOG -> dy.div(x);
                    case SQRT -> dy.div(y).mul(0.5);
                    case RSQRT -> dy.mul(y).mul(y.square()).mul(-0.5);
                    case RECIPROCAL -> dy.mul(y.square()).neg();
                    case SQUARE -> dy.mul(x).mul(2);
                    case SIN -> dy.mul(x.cos());
                    case COS -> dy.mul(x.sin()).neg();
                });
    }
}
