package dev.tartan.op;

/**
 * How an einsum is one (batched) matrix product over memory in row-major order. Letters fall in four groups: batch (in
 * all three), rows (left and result), columns (right and result) and inner (left and right); each group must be
 * contiguous and in one order wherever it appears, with the batch first.
 *
 * @param batch letters of the batch group; likewise {@code rows}, {@code columns}, {@code inner}
 * @param leftTransposed whether the left operand is [inner, rows] rather than [rows, inner]
 * @param rightTransposed whether the right operand is [columns, inner] rather than [inner, columns]
 * @param outTransposed whether the result is [columns, rows] rather than [rows, columns]
 */
public record GemmForm(
        String batch,
        String rows,
        String columns,
        String inner,
        boolean leftTransposed,
        boolean rightTransposed,
        boolean outTransposed) {

    /**
     * The form of an equation such as {@code btk,kn->btn}.
     *
     * @throws IllegalArgumentException if the equation is not a matrix product without copying
     */
    public static GemmForm of(String equation) {
        int comma = equation.indexOf(',');
        int arrow = equation.indexOf("->");
        String left = equation.substring(0, comma);
        String right = equation.substring(comma + 1, arrow);
        String out = equation.substring(arrow + 2);
        StringBuilder batch = new StringBuilder();
        StringBuilder rows = new StringBuilder();
        StringBuilder columns = new StringBuilder();
        StringBuilder inner = new StringBuilder();
        for (char letter : left.toCharArray()) {
            boolean inRight = right.indexOf(letter) >= 0;
            boolean inOut = out.indexOf(letter) >= 0;
            if (!inRight && !inOut) {
                throw notAProduct(equation, "letter '" + letter + "' is in the left operand only");
            }
            (inRight ? inOut ? batch : inner : rows).append(letter);
        }
        for (char letter : right.toCharArray()) {
            if (left.indexOf(letter) < 0) {
                if (out.indexOf(letter) < 0) {
                    throw notAProduct(equation, "letter '" + letter + "' is in the right operand only");
                }
                columns.append(letter);
            }
        }
        boolean leftPlain = left.equals("" + batch + rows + inner);
        boolean rightPlain = right.equals("" + batch + inner + columns);
        boolean outPlain = out.equals("" + batch + rows + columns);
        boolean fits = (leftPlain || left.equals("" + batch + inner + rows))
                && (rightPlain || right.equals("" + batch + columns + inner))
                && (outPlain || out.equals("" + batch + columns + rows));
        if (!fits) {
            throw notAProduct(equation, "batch, rows, columns and inner letters are not contiguous groups");
        }
        return new GemmForm(
                batch.toString(),
                rows.toString(),
                columns.toString(),
                inner.toString(),
                !leftPlain,
                !rightPlain,
                !outPlain);
    }

    private static IllegalArgumentException notAProduct(String equation, String why) {
        return new IllegalArgumentException("einsum is not a matrix product: equation=" + equation + ", because " + why
                + ". Transpose or reduce an operand first.");
    }
}
