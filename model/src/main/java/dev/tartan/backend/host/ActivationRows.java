package dev.tartan.backend.host;

import dev.tartan.op.Activate;
import dev.tartan.op.Activation;

/** Activation functions, and their slopes, of the first {@code n} elements of arrays. */
final class ActivationRows {
    private static final float GELU_SLOPE = (float) (2 * Activate.GELU_SLOPE);
    private static final float GELU_CUBIC = (float) (2 * Activate.GELU_SLOPE * Activate.GELU_CUBIC);
    private static final float HARD_SLOPE = (float) Activate.HARD_SIGMOID_SLOPE;
    private static final float HARD_KINK = (float) Activate.HARD_SIGMOID_KINK;
    private static final float RATIONAL_SCALE = (float) Activate.RATIONAL_TANH_SCALE;
    private static final float RATIONAL_QUARTIC = (float) Activate.RATIONAL_TANH_QUARTIC;
    private static final float SELU_SCALE = (float) Activate.SELU_SCALE;
    private static final float SELU_DEPTH = (float) (Activate.SELU_SCALE * Activate.SELU_ALPHA);
    private static final float MISH_LIMIT = (float) Activate.MISH_LIMIT;
    private static final float TWO_THIRDS = 2f / 3;

    private ActivationRows() {}

    /** y = activation(x); {@code y} must not be {@code x}. Uses {@code e} and {@code bits} of the tile. */
    static void value(Activation activation, float[] x, float[] y, int n, Tile tile) {
        switch (activation) {
            case RELU -> relu(x, y, n);
            case SIGMOID -> sigmoid(x, -1, y, n, tile);
            case SILU -> {
                sigmoid(x, -1, y, n, tile);
                RowMath.multiply(x, y, y, n);
            }
            case TANH -> tanh(x, y, n, tile);
            case GELU -> {
                geluArgument(x, y, n);
                sigmoid(y, -1, y, n, tile);
                RowMath.multiply(x, y, y, n);
            }
            case SOFTSIGN -> softsign(x, y, n);
            case HARD_SIGMOID -> hardSigmoid(x, y, n);
            case CUBE -> cube(x, y, n);
            case HARD_TANH -> clip(x, -1, 1, y, n);
            case RATIONAL_TANH -> rationalTanh(x, y, n);
            case RECTIFIED_TANH -> {
                tanh(x, y, n, tile);
                clip(y, 0, 1, y, n);
            }
            case RELU6 -> clip(x, 0, 6, y, n);
            case SELU -> {
                expBelowZero(x, y, n, tile);
                aboveAndBelow(x, SELU_SCALE, SELU_DEPTH, y, n);
            }
            case SOFTPLUS -> softplus(x, y, n, tile);
            case MISH -> {
                mishExp(x, y, n, tile);
                mish(x, y, n);
            }
            case ELU -> {
                expBelowZero(x, y, n, tile);
                aboveAndBelow(x, 1, 1, y, n);
            }
        }
    }

    /**
     * slope = the derivative of activation at x, where {@code y} holds activation(x); {@code slope} must be neither.
     * Uses {@code e} and {@code bits} of the tile.
     */
    static void slope(Activation activation, float[] x, float[] y, float[] slope, int n, Tile tile) {
        switch (activation) {
            case RELU -> isBetween(x, 0, Float.POSITIVE_INFINITY, slope, n);
            case SIGMOID -> sigmoidSlope(y, slope, n);
            case SILU -> {
                sigmoid(x, -1, slope, n, tile);
                siluSlope(x, slope, n);
            }
            case TANH -> tanhSlope(y, slope, n);
            case GELU -> {
                geluArgument(x, slope, n);
                sigmoid(slope, -1, slope, n, tile);
                geluSlope(x, slope, n);
            }
            case SOFTSIGN -> softsignSlope(x, slope, n);
            case HARD_SIGMOID -> isWithin(x, HARD_KINK, HARD_SLOPE, slope, n);
            case CUBE -> cubeSlope(x, slope, n);
            case HARD_TANH -> isWithin(x, 1, 1, slope, n);
            case RATIONAL_TANH -> rationalTanhSlope(x, slope, n);
            case RECTIFIED_TANH -> rectifiedTanhSlope(x, y, slope, n);
            case RELU6 -> isBetween(x, 0, 6, slope, n);
            case SELU -> slopeAboveAndBelow(x, y, SELU_SCALE, SELU_DEPTH, slope, n);
            case SOFTPLUS -> sigmoid(x, -1, slope, n, tile);
            case MISH -> {
                mishExp(x, slope, n, tile);
                mishSlope(x, slope, n);
            }
            case ELU -> slopeAboveAndBelow(x, y, 1, 1, slope, n);
        }
    }

    /** y = 1 / (1 + exp(negatedScale * x)); {@code y} may be {@code x}. Uses bits and e of the tile. */
    static void sigmoid(float[] x, float negatedScale, float[] y, int n, Tile tile) {
        RowMath.scale(x, negatedScale, y, n);
        RowMath.exp(y, y, n, tile);
        for (int i = 0; i < n; i++) {
            y[i] = 1 / (1 + y[i]);
        }
    }

    private static void sigmoidSlope(float[] y, float[] slope, int n) {
        for (int i = 0; i < n; i++) {
            slope[i] = y[i] * (1 - y[i]);
        }
    }

    private static void siluSlope(float[] x, float[] s, int n) {
        for (int i = 0; i < n; i++) {
            s[i] = s[i] * (1 + x[i] * (1 - s[i]));
        }
    }

    private static void tanh(float[] x, float[] y, int n, Tile tile) {
        sigmoid(x, -2, y, n, tile);
        for (int i = 0; i < n; i++) {
            y[i] = 2 * y[i] - 1;
        }
    }

    private static void tanhSlope(float[] y, float[] slope, int n) {
        for (int i = 0; i < n; i++) {
            slope[i] = (1 - y[i]) * (1 + y[i]);
        }
    }

    private static void rectifiedTanhSlope(float[] x, float[] y, float[] slope, int n) {
        for (int i = 0; i < n; i++) {
            slope[i] = x[i] > 0 ? (1 - y[i]) * (1 + y[i]) : 0;
        }
    }

    /** The u for which GELU(x) = x sigmoid(u). */
    static void geluArgument(float[] x, float[] u, int n) {
        for (int i = 0; i < n; i++) {
            u[i] = x[i] * (GELU_CUBIC * x[i] * x[i] + GELU_SLOPE);
        }
    }

    private static void geluSlope(float[] x, float[] s, int n) {
        for (int i = 0; i < n; i++) {
            s[i] = s[i] * (1 + x[i] * (1 - s[i]) * geluArgumentSlope(x[i]));
        }
    }

    /** The derivative of the u for which GELU(x) = x sigmoid(u). */
    static float geluArgumentSlope(float x) {
        return 3 * GELU_CUBIC * x * x + GELU_SLOPE;
    }

    private static void relu(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.max(x[i], 0f);
        }
    }

    private static void softsign(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = x[i] / (1 + Math.abs(x[i]));
        }
    }

    private static void softsignSlope(float[] x, float[] slope, int n) {
        for (int i = 0; i < n; i++) {
            float inverse = 1 / (1 + Math.abs(x[i]));
            slope[i] = inverse * inverse;
        }
    }

    private static void hardSigmoid(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.min(1f, Math.max(0f, HARD_SLOPE * x[i] + 0.5f));
        }
    }

    private static void cube(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = x[i] * x[i] * x[i];
        }
    }

    private static void cubeSlope(float[] x, float[] slope, int n) {
        for (int i = 0; i < n; i++) {
            slope[i] = 3 * x[i] * x[i];
        }
    }

    /** {@code y} may be {@code x}. */
    private static void clip(float[] x, float low, float high, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.min(high, Math.max(low, x[i]));
        }
    }

    /** 1 strictly between {@code low} and {@code high}, else 0. */
    private static void isBetween(float[] x, float low, float high, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = x[i] > low && x[i] < high ? 1 : 0;
        }
    }

    /** {@code inside} where |x| <= limit, else 0. */
    private static void isWithin(float[] x, float limit, float inside, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.abs(x[i]) <= limit ? inside : 0;
        }
    }

    /** See the decomposition: with g = 1 + |d| + q |d|^3 the value is d g / (1 + |d| g), scaled. */
    private static void rationalTanh(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            float d = TWO_THIRDS * x[i];
            float distance = Math.abs(d);
            float g = 1 + distance * (1 + RATIONAL_QUARTIC * d * d);
            y[i] = RATIONAL_SCALE * (d * g / (1 + distance * g));
        }
    }

    private static void rationalTanhSlope(float[] x, float[] slope, int n) {
        for (int i = 0; i < n; i++) {
            float distance = TWO_THIRDS * Math.abs(x[i]);
            float square = RATIONAL_QUARTIC * distance * distance;
            float root = 1 + distance * (1 + distance * (1 + square));
            slope[i] = RATIONAL_SCALE * TWO_THIRDS * ((1 + distance * (2 + 4 * square)) / root / root);
        }
    }

    private static void softplus(float[] x, float[] y, int n, Tile tile) {
        for (int i = 0; i < n; i++) {
            y[i] = -Math.abs(x[i]);
        }
        RowMath.exp(y, y, n, tile);
        for (int i = 0; i < n; i++) {
            y[i] = Math.max(x[i], 0f) + (float) Math.log1p(y[i]);
        }
    }

    /** exp(x) below 0, else 1. */
    private static void expBelowZero(float[] x, float[] y, int n, Tile tile) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.min(x[i], 0f);
        }
        RowMath.exp(y, y, n, tile);
    }

    /** slope * x above 0, depth * (y - 1) below, where y = exp(x). */
    private static void aboveAndBelow(float[] x, float slope, float depth, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            y[i] = slope * Math.max(x[i], 0f) + depth * (y[i] - 1);
        }
    }

    private static void slopeAboveAndBelow(float[] x, float[] y, float above, float depth, float[] slope, int n) {
        for (int i = 0; i < n; i++) {
            slope[i] = x[i] > 0 ? above : y[i] + depth;
        }
    }

    private static void mishExp(float[] x, float[] y, int n, Tile tile) {
        for (int i = 0; i < n; i++) {
            y[i] = Math.min(x[i], MISH_LIMIT);
        }
        RowMath.exp(y, y, n, tile);
    }

    /** tanh(log(1 + y)) = w / (w + 2) with w = (1 + y)^2 - 1, where y = exp(x). */
    private static void mish(float[] x, float[] y, int n) {
        for (int i = 0; i < n; i++) {
            float w = y[i] * (y[i] + 2);
            y[i] = x[i] * (w / (w + 2));
        }
    }

    private static void mishSlope(float[] x, float[] e, int n) {
        for (int i = 0; i < n; i++) {
            float w = e[i] * (e[i] + 2);
            float rest = w + 2;
            e[i] = (w + 4 * x[i] * (e[i] * (1 + e[i]) / rest)) / rest;
        }
    }
}
