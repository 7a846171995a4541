package dev.tartan.samediff;

import dev.tartan.graph.DType;
import dev.tartan.op.Tensor;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import org.nd4j.linalg.api.ops.impl.reduce.Mmul;

/** Ops of two tensors or of a tensor and a number, broadcasting as NumPy does, comparisons, and matrix products. */
final class ArithmeticOps {
    /** A function of a tensor and a number. */
    @FunctionalInterface
    private interface WithNumber {
        Tensor apply(Tensor x, double number);
    }

    private ArithmeticOps() {}

    static void addTo(Map<String, OpRule> rules) {
        tensors(rules);
        numbers(rules);
        comparisons(rules);
        rules.put("matmul", ArithmeticOps::matmul);
    }

    private static void tensors(Map<String, OpRule> rules) {
        of(rules, Tensor::add, "add");
        of(rules, Tensor::sub, "subtract");
        of(rules, Tensor::mul, "multiply");
        of(rules, Tensor::div, "divide", "realdiv");
        of(rules, (x, y) -> y.sub(x), "reversesubtract");
        of(rules, (x, y) -> y.div(x), "reversedivide");
        of(rules, Tensor::pow, "Pow");
        of(rules, Tensor::max, "maximum");
        of(rules, Tensor::min, "minimum");
        of(rules, (x, y) -> x.sub(y).square(), "squaredsubtract");
        rules.put("mergeadd", call -> List.of(Tensor.sumOf(call.all())));
        rules.put("mergeavg", call -> List.of(Tensor.sumOf(call.all()).div((double) call.size())));
        rules.put(
                "mergemax",
                call -> List.of(call.all().stream().reduce(Tensor::max).orElseThrow()));
    }

    private static void of(Map<String, OpRule> rules, BinaryOperator<Tensor> function, String... names) {
        for (String name : names) {
            rules.put(name, call -> List.of(function.apply(call.in(0), call.in(1))));
        }
    }

    private static void numbers(Map<String, OpRule> rules) {
        number(rules, "add_scalar", Tensor::add);
        number(rules, "sub_scalar", Tensor::sub);
        number(rules, "mul_scalar", Tensor::mul);
        number(rules, "div_scalar", Tensor::div);
        number(rules, "rsub_scalar", Tensor::rsub);
        number(rules, "rdiv_scalar", (x, number) -> x.reciprocal().mul(number));
        number(rules, "pow", Tensor::pow);
        number(rules, "max_scalar", Tensor::max);
        number(rules, "scalar_min", Tensor::min);
        number(rules, "log_x", (x, base) -> x.log().div(Math.log(base)));
        number(rules, "set_scalar", Tensor::filled);
        rules.put(
                "ClipByValue", call -> List.of(call.in(0).max(call.realAt(0, 0)).min(call.realAt(1, 0))));
    }

    private static void number(Map<String, OpRule> rules, String name, WithNumber function) {
        rules.put(name, call -> List.of(function.apply(call.in(0), call.scalar())));
    }

    private static void comparisons(Map<String, OpRule> rules) {
        of(rules, Tensor::equalTo, "equals");
        of(rules, Tensor::notEqualTo, "not_equals");
        of(rules, Tensor::lessThan, "less");
        of(rules, Tensor::lessEqual, "less_equal");
        of(rules, Tensor::greaterThan, "greater");
        of(rules, Tensor::greaterEqual, "greater_equal");
        number(rules, "equals_scalar", (x, number) -> x.equalTo(x.scalar(number)));
        number(rules, "notequals_scalar", (x, number) -> x.notEqualTo(x.scalar(number)));
        number(rules, "lessthan_scalar", Tensor::lessThan);
        number(rules, "lessthanorequal_scalar", (x, number) -> x.lessEqual(x.scalar(number)));
        number(rules, "greaterthan_scalar", Tensor::greaterThan);
        number(rules, "greaterthanorequal_scalar", Tensor::greaterEqual);
        rules.put("Where", ArithmeticOps::where);
        rules.put("select", ArithmeticOps::where);
    }

    /** The first operand says, element by element, which of the others is taken. */
    private static List<Tensor> where(OpCall call) {
        Tensor condition = call.in(0);
        if (call.size() < 3) {
            throw call.refused("no values to choose from, and gives indices, whose number is not known");
        }
        Tensor isTrue = condition.dtype() == DType.BOOL ? condition : condition.notEqualTo(condition.scalar(0));
        Tensor whenTrue = call.in(1);
        return List.of(Tensor.select(isTrue, whenTrue, call.in(2).cast(whenTrue.dtype())));
    }

    /**
     * A product of matrices, of batches of them, or of a batch and a matrix. Arguments say which are transposed; the
     * first number scales the product.
     */
    private static List<Tensor> matmul(OpCall call) {
        if (!(call.function() instanceof Mmul)) {
            throw call.refused("another kind of product: class="
                    + call.function().getClass().getSimpleName());
        }
        Tensor x = transposedIf(call.in(0), call.intAt(0, 0) != 0);
        Tensor y = transposedIf(call.in(1), call.intAt(1, 0) != 0);
        if (call.realAt(1, 0) != 0) {
            throw call.refused("a sum with its former result: beta=" + call.realAt(1, 0));
        }
        Tensor product = transposedIf(x.matmul(y), call.intAt(2, 0) != 0);
        double scale = call.realAt(0, 1);
        return List.of(scale == 1 ? product : product.mul(scale));
    }

    private static Tensor transposedIf(Tensor x, boolean transposed) {
        if (!transposed || x.numDims() < 2) {
            return x;
        }
        int[] order = new int[x.numDims()];
        for (int dim = 0; dim < order.length; dim++) {
            order[dim] = dim;
        }
        order[order.length - 1] = order.length - 2;
        order[order.length - 2] = order.length - 1;
        return x.transpose(order);
    }
}
