// Recurrent layers: what a step does after its product with the recurrent weights, or, for gradients, before it.
// Sizes: n samples, t steps, h units. A thread does a unit of a sample. Positions count steps in the order of computing.
#include "functions.cuh"

// In the order of dev.tartan.op.Activation.
#define FOR_ACTIVATIONS(DO)                                                                          \
    DO(0, Relu) DO(1, Gelu) DO(2, Silu) DO(3, Tanh) DO(4, Sigmoid) DO(5, Softsign) DO(6, HardSigmoid) \
    DO(7, Cube) DO(8, HardTanh) DO(9, RationalTanh) DO(10, RectifiedTanh) DO(11, Relu6) DO(12, Selu)  \
    DO(13, Softplus) DO(14, Mish) DO(15, Elu)

template <typename C> __device__ C activated(int kind, C x) {
#define VALUE(number, Name) case number: return Name()(x);
    switch (kind) { FOR_ACTIVATIONS(VALUE) }
    return notANumber();
}
/** dy times the slope at x. */
template <typename C> __device__ C throughActivation(int kind, C x, C dy) {
#define SLOPE(number, Name) case number: return Name##Grad()(x, dy);
    switch (kind) { FOR_ACTIVATIONS(SLOPE) }
    return notANumber();
}

/** A layer: its sizes, mask [n, t] or null, and activations. */
struct Recurrence {
    const bool8* mask;
    int samples, steps, units, reverse, activation, gate;
    /** The row, of tensors [n, t, ...], of a sample's step. */
    __device__ __forceinline__ long long row(long long sample, int position) const {
        return sample * steps + (reverse ? steps - 1 - position : position);
    }
    __device__ __forceinline__ bool hides(long long row) const { return mask && !mask[row]; }
    __device__ __forceinline__ long long count() const { return (long long) samples * units; }
    /** What a unit had before a step, of states [n, t, h] and what was before the first [n, h]. */
    template <typename T>
    __device__ __forceinline__ T before(const T* states, const T* first, long long sample, int unit, int position) const {
        return position == 0 ? first[sample * units + unit] : states[row(sample, position - 1) * units + unit];
    }
};

/**
 * A step of an LSTM: z, c and y from x and products [n, 4h]. {@code cells} [n, h] are the cells that go from step to
 * step, not rounded; {@code state} [n, h] is y for the next product. {@code peepholes} may be null.
 */
template <typename T>
__global__ void lstm_step(T* y, T* c, T* z, T* state, float* cells, const T* x, const float* products, const T* c0,
        const T* peepholes, Recurrence layer, int position) {
    int h = layer.units;
    FOR_ELEMENTS(i, layer.count()) {
        long long sample = quotient(i, h);
        int unit = (int) (i - sample * h);
        long long row = layer.row(sample, position);
        long long at = row * 4 * h + unit;
        const float* sums = products + sample * 4 * h + unit;
        float cell = position == 0 ? widen(c0[i]) : cells[i];
        float a = widen(x[at]) + sums[0];
        float f = widen(x[at + h]) + sums[h];
        float o = widen(x[at + 2ll * h]) + sums[2ll * h];
        float in = widen(x[at + 3ll * h]) + sums[3ll * h];
        if (peepholes) {
            f += widen(peepholes[unit]) * cell;
            in += widen(peepholes[2ll * h + unit]) * cell;
        }
        cell = activated(layer.gate, f) * cell + activated(layer.gate, in) * activated(layer.activation, a);
        if (peepholes) o += widen(peepholes[h + unit]) * cell;
        float output = activated(layer.gate, o) * activated(layer.activation, cell);
        if (layer.hides(row)) output = cell = 0;
        z[at] = Number<T>::narrow(a);
        z[at + h] = Number<T>::narrow(f);
        z[at + 2ll * h] = Number<T>::narrow(o);
        z[at + 3ll * h] = Number<T>::narrow(in);
        c[row * h + unit] = Number<T>::narrow(cell);
        y[row * h + unit] = state[i] = Number<T>::narrow(output);
        cells[i] = cell;
    }
}

/**
 * A step of its gradient, from the last position to the first: dx and, for the product with the weights, the same in
 * {@code columns} [n, 4h]. {@code dyNext} and {@code dcells} [n, h] come from the position after; {@code dcells} are
 * replaced, {@code dc0} is written at the first position. {@code before} [n, t, h] gets the outputs before each step,
 * {@code addends} [n, 3, h] the peepholes' gradient of each sample. {@code dc}, {@code peepholes} and {@code addends}
 * may be null.
 */
template <typename T>
__global__ void lstm_step_grad(T* dx, T* columns, T* before, T* dc0, float* dcells, float* addends, const float* dyNext,
        const T* dy, const T* dc, const T* y0, const T* c0, const T* y, const T* c, const T* z, const T* peepholes,
        Recurrence layer, int position) {
    int h = layer.units;
    bool last = position == layer.steps - 1;
    FOR_ELEMENTS(i, layer.count()) {
        long long sample = quotient(i, h);
        int unit = (int) (i - sample * h);
        long long row = layer.row(sample, position);
        long long state = row * h + unit, at = row * 4 * h + unit;
        before[state] = layer.before(y, y0, sample, unit, position);
        float da = 0, df = 0, dout = 0, din = 0, dcell = 0, cell = 0;
        float old = widen(layer.before(c, c0, sample, unit, position));
        if (!layer.hides(row)) {
            float a = widen(z[at]), f = widen(z[at + h]), o = widen(z[at + 2ll * h]), in = widen(z[at + 3ll * h]);
            float forget = activated(layer.gate, f), input = activated(layer.gate, in);
            float candidate = activated(layer.activation, a);
            cell = forget * old + input * candidate;
            float d = widen(dy[state]) + (last ? 0.0f : dyNext[i]);
            dout = throughActivation(layer.gate, o, d * activated(layer.activation, cell));
            dcell = throughActivation(layer.activation, cell, d * activated(layer.gate, o)) + (last ? 0.0f : dcells[i]);
            if (dc) dcell += widen(dc[state]);
            if (peepholes) dcell += dout * widen(peepholes[h + unit]);
            da = throughActivation(layer.activation, a, dcell * input);
            df = throughActivation(layer.gate, f, dcell * old);
            din = throughActivation(layer.gate, in, dcell * candidate);
            dcell *= forget;
            if (peepholes) dcell += df * widen(peepholes[unit]) + din * widen(peepholes[2ll * h + unit]);
        }
        float gradients[] = {da, df, dout, din};
#pragma unroll
        for (int block = 0; block < 4; block++) {
            T value = Number<T>::narrow(gradients[block]);
            dx[at + (long long) block * h] = value;
            columns[(sample * 4 + block) * h + unit] = value;
        }
        dcells[i] = dcell;
        if (position == 0) dc0[i] = Number<T>::narrow(dcell);
        if (addends) {
            float* sums = addends + sample * 3 * h + unit;
            sums[0] = (last ? 0.0f : sums[0]) + df * old;
            sums[h] = (last ? 0.0f : sums[h]) + dout * cell;
            sums[2ll * h] = (last ? 0.0f : sums[2ll * h]) + din * old;
        }
    }
}

/** A step of a layer without gates: z and y from x and products [n, h]; {@code state} [n, h] is for the next product. */
template <typename T>
__global__ void rnn_step(T* y, T* z, T* state, const T* x, const float* products, Recurrence layer, int position) {
    FOR_ELEMENTS(i, layer.count()) {
        long long sample = quotient(i, layer.units);
        long long row = layer.row(sample, position);
        long long at = row * layer.units + (i - sample * layer.units);
        float sum = widen(x[at]) + products[i];
        z[at] = Number<T>::narrow(sum);
        y[at] = state[i] = Number<T>::narrow(layer.hides(row) ? 0.0f : activated(layer.activation, sum));
    }
}

/** A step of its gradient, as that of an LSTM. */
template <typename T>
__global__ void rnn_step_grad(T* dx, T* columns, T* before, const float* dyNext, const T* dy, const T* y0, const T* y,
        const T* z, Recurrence layer, int position) {
    FOR_ELEMENTS(i, layer.count()) {
        long long sample = quotient(i, layer.units);
        int unit = (int) (i - sample * layer.units);
        long long row = layer.row(sample, position);
        long long at = row * layer.units + unit;
        before[at] = layer.before(y, y0, sample, unit, position);
        float dz = 0;
        if (!layer.hides(row)) {
            float d = widen(dy[at]) + (position == layer.steps - 1 ? 0.0f : dyNext[i]);
            dz = throughActivation(layer.activation, widen(z[at]), d);
        }
        dx[at] = columns[i] = Number<T>::narrow(dz);
    }
}
