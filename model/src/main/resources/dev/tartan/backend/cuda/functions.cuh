// Functions of single elements, for the kernels of elementwise.cu and for what is generated from chains of them. C is the
// type computed with: float, double, or int where that makes sense. A NaN passes through all of them.
#pragma once
#include "common.cuh"

// ---- one number: dev.tartan.op.Unary -------------------------------------------------------------------------------

#define UNARY(Name, expression) \
    struct Name { template <typename C> __device__ __forceinline__ C operator()(C x) const { return expression; } }
UNARY(Neg, -x);
UNARY(Abs, x < 0 ? -x : x + 0);
UNARY(Sign, x > 0 ? C(1) : x < 0 ? C(-1) : x);
UNARY(Exp, exp(x));
UNARY(Log, log(x));
UNARY(Sqrt, sqrt(x));
UNARY(Rsqrt, 1 / sqrt(x));
UNARY(Reciprocal, 1 / x);
UNARY(Square, x * x);
UNARY(Sin, sin(x));
UNARY(Cos, cos(x));
UNARY(Identity, x);

// ---- two numbers: dev.tartan.op.Binary, Compare; the extremes are Max and Min of common.cuh ------------------------

#define BINARY(Name, Result, expression) \
    struct Name { template <typename C> __device__ __forceinline__ Result operator()(C a, C b) const { return expression; } }
BINARY(Add, C, a + b);
BINARY(Sub, C, a - b);
BINARY(Mul, C, a * b);
BINARY(Div, C, a / b);
BINARY(Pow, C, pow(a, b));
BINARY(Equal, bool8, a == b);
BINARY(NotEqual, bool8, a != b);
BINARY(Less, bool8, a < b);
BINARY(LessEqual, bool8, a <= b);
BINARY(Greater, bool8, a > b);
BINARY(GreaterEqual, bool8, a >= b);

// ---- activations: dev.tartan.op.Activate and, of x and dy, ActivateGrad --------------------------------------------
// The forms are those of the ops' decompositions, or closer to the mathematical function.

template <typename C> __device__ __forceinline__ C sigmoid(C x) { return 1 / (1 + exp(-x)); }
/** sigmoid(x) and 1 minus it, without cancellation on either side. */
template <typename C> struct Sigmoids {
    C value, rest;
    __device__ __forceinline__ explicit Sigmoids(C x) {
        C e = exp(x > 0 ? -x : x);
        C larger = 1 / (1 + e), smaller = e * larger;
        value = x > 0 ? larger : smaller;
        rest = x > 0 ? smaller : larger;
    }
};
template <typename C> __device__ __forceinline__ C clamp(C x, C low, C high) { return Min()(Max()(x, low), high); }
template <typename C> __device__ __forceinline__ C magnitude(C x) { return Abs()(x); }
/** 1 if true; a product with it passes a NaN of the other factor. */
template <typename C> __device__ __forceinline__ C flag(bool value) { return value ? C(1) : C(0); }
/** The argument of the sigmoid that GELU's tanh form comes to. */
template <typename C> __device__ __forceinline__ C geluArgument(C x) {
    return C(1.5957691216057308) * x * (1 + C(0.044715) * x * x);
}
template <typename C> __device__ __forceinline__ C mishTerm(C e) { return e * (e + 2); }
template <typename C> __device__ __forceinline__ C mishExp(C x) { return exp(Min()(x, C(40))); }
template <typename C> __device__ __forceinline__ C rationalTanh(C d) {
    C distance = magnitude(d);
    C g = distance * (1 + C(1.41645f) * d * d) + 1;
    return C(1.7159f) * (d * g / (distance * g + 1));
}
template <typename C> __device__ __forceinline__ C rationalTanhSlope(C distance) {
    C cube = C(1.41645f) * distance * distance * distance;
    C root = 1 + distance * (1 + distance + cube);
    // Two quotients, because the square of the root may overflow.
    return (1 + 2 * distance + 4 * cube) / root / root * C(1.7159f * 2.0 / 3);
}
template <typename C> __device__ __forceinline__ C mishSlope(C x) {
    C e = mishExp(x);
    C w = mishTerm(e);
    C rest = w + 2;
    return (w + 4 * x * ((1 + e) * e / rest)) / rest;
}
#define SELU_SCALE C(1.0507009873554804934193349852946)
#define SELU_ALPHA C(1.6732632423543772848170429916717)

UNARY(Relu, Max()(x, C(0)));
UNARY(Gelu, x * sigmoid(geluArgument(x)));
UNARY(Silu, x * sigmoid(x));
UNARY(Tanh, tanh(x));
UNARY(Sigmoid, sigmoid(x));
UNARY(Softsign, x / (1 + magnitude(x)));
UNARY(HardSigmoid, clamp(C(0.2f) * x + C(0.5), C(0), C(1)));
UNARY(Cube, x * x * x);
UNARY(HardTanh, clamp(x, C(-1), C(1)));
UNARY(RationalTanh, rationalTanh(C(2.0 / 3) * x));
UNARY(RectifiedTanh, Max()(C(tanh(x)), C(0)));
UNARY(Relu6, clamp(x, C(0), C(6)));
UNARY(Selu, SELU_SCALE * (x > 0 ? x : SELU_ALPHA * expm1(x)));
UNARY(Softplus, Max()(x, C(0)) + log1p(exp(-magnitude(x))));
UNARY(Mish, x * (mishTerm(mishExp(x)) / (mishTerm(mishExp(x)) + 2)));
UNARY(Elu, x > 0 ? x : expm1(x));

#define GRADIENT(Name, slope) \
    struct Name { template <typename C> __device__ __forceinline__ C operator()(C x, C dy) const { return dy * (slope); } }
#define BLOCK_GRADIENT(Name, ...) \
    struct Name { template <typename C> __device__ __forceinline__ C operator()(C x, C dy) const { __VA_ARGS__ } }
GRADIENT(ReluGrad, flag<C>(x > 0));
BLOCK_GRADIENT(GeluGrad, Sigmoids<C> s(geluArgument(x));
               C slope = C(1.5957691216057308) * (1 + C(3 * 0.044715) * x * x);
               return dy * (s.value + x * s.value * s.rest * slope););
BLOCK_GRADIENT(SiluGrad, Sigmoids<C> s(x); return dy * (s.value * (1 + x * s.rest)););
BLOCK_GRADIENT(TanhGrad, C y = tanh(x); return dy * ((1 - y) * (1 + y)););
BLOCK_GRADIENT(SigmoidGrad, Sigmoids<C> s(x); return dy * (s.value * s.rest););
BLOCK_GRADIENT(SoftsignGrad, C d = 1 + magnitude(x); return dy / d / d;);
GRADIENT(HardSigmoidGrad, C(0.2f) * flag<C>(magnitude(x) <= C(2.5)));
GRADIENT(CubeGrad, 3 * x * x);
GRADIENT(HardTanhGrad, flag<C>(magnitude(x) <= 1));
GRADIENT(RationalTanhGrad, rationalTanhSlope(C(2.0 / 3) * magnitude(x)));
BLOCK_GRADIENT(RectifiedTanhGrad, C y = tanh(x); return dy * ((1 - y) * (1 + y)) * flag<C>(x > 0););
GRADIENT(Relu6Grad, flag<C>(x > 0) * flag<C>(x < 6));
GRADIENT(SeluGrad, SELU_SCALE * (x > 0 ? C(1) : SELU_ALPHA * exp(x)));
GRADIENT(SoftplusGrad, sigmoid(x));
GRADIENT(MishGrad, mishSlope(x));
GRADIENT(EluGrad, x > 0 ? C(1) : exp(x));
