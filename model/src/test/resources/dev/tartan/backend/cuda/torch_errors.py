"""Measures PyTorch's errors in float32 and bfloat16 on the inputs of TorchCases.java and AttentionTest.java, against
float64, and writes them to torch_errors.properties: python3 torch_errors.py > torch_errors.properties

An error is the largest difference as a part of the largest number of the true result. Needs torch and numpy; the tests
need neither. Figures are of PyTorch 2.13 on an x86-64 CPU with AVX-512, two threads."""
import math
import numpy as np, torch
import torch.nn.functional as F

torch.set_num_threads(2)
M = (1 << 64) - 1

def words(seed, count):
    with np.errstate(over='ignore'):
        z = np.uint64(seed * 0x9E3779B97F4A7C15 & M) + np.arange(count, dtype=np.uint64)
        z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))

def normal(dtype, seed, shape, scale=1.0, shift=0.0):
    n = math.prod(shape)
    u = (words(seed, 4 * n) >> np.uint64(40)).astype(np.float64).reshape(n, 4) * 2.0 ** -24
    s = ((u[:, 0] + u[:, 1]) + u[:, 2]) + u[:, 3]
    v = (s - 2) * 1.7320508075688772 * scale + shift
    return torch.tensor(v, dtype=torch.float64).to(torch.float32).to(dtype).reshape(shape)

def integers(seed, shape, bound):
    n = math.prod(shape)
    return torch.tensor(((words(seed, n) >> np.uint64(40)) % np.uint64(bound)).astype(np.int64)).reshape(shape)

def report(name, dtype, fn, *inputs):
    """fn gives a list of results; run in the type and in float64 from the same inputs."""
    low, true = fn(*inputs), fn(*[t.double() if t.is_floating_point() else t for t in inputs])
    for i, (a, b) in enumerate(zip(low, true)):
        error = ((a.double() - b).abs().max() / b.abs().max()).item()
        print(f"{name}.{'f32' if dtype == torch.float32 else 'bf16'}.{i}={error:.3e}")

def grads(fn, inputs, dy):
    leaves = [t.detach().clone().requires_grad_(True) for t in inputs]
    fn(*leaves).backward(dy)
    return [t.grad for t in leaves]

UNARY = dict(
    exp=torch.exp, sqrt=lambda x: torch.sqrt(x.abs()), rsqrt=lambda x: torch.rsqrt(x.abs() + 1), log=lambda x: torch.log(x.abs()),
    sin=torch.sin, cos=torch.cos, square=torch.square, reciprocal=lambda x: torch.reciprocal(x.abs() + 1))
ACTIVATIONS = dict(
    relu=F.relu, gelu=lambda x: F.gelu(x, approximate='tanh'), silu=F.silu, tanh=torch.tanh, sigmoid=torch.sigmoid,
    softsign=F.softsign, hard_tanh=F.hardtanh, relu6=F.relu6, selu=F.selu, softplus=lambda x: F.softplus(x, threshold=1e9),
    mish=F.mish, elu=F.elu)
SUMS = [((40, 4096), (1,)), ((1024, 190), (0,)), ((257, 513), (0, 1)), ((37, 1001), (1,)), ((8, 300, 40), (1,)), ((16, 64, 129), (0, 2))]
ROWS = [(24, 768), (37, 1001), (3, 5000)]

def rope(x, theta=10000.0):
    """As Hugging Face's Llama: angles in float32, tables in the type of x."""
    d, t = x.shape[-1], x.shape[-2]
    angles = torch.float64 if x.dtype == torch.float64 else torch.float32
    f = 1.0 / theta ** (torch.arange(0, d, 2, dtype=angles) / d)
    a = torch.outer(torch.arange(t, dtype=angles), f)
    cos, sin = torch.cat([a, a], -1).cos().to(x.dtype), torch.cat([a, a], -1).sin().to(x.dtype)
    return x * cos + torch.cat([-x[..., d // 2:], x[..., :d // 2]], -1) * sin

def adamw(p, g, m, v):
    p = p.clone().requires_grad_(True); p.grad = g.clone()
    o = torch.optim.AdamW([p], lr=1e-2, betas=(0.9, 0.95), eps=1e-8, weight_decay=0.1)
    o.state[p] = dict(step=torch.tensor(6.0), exp_avg=m.clone(), exp_avg_sq=v.abs().clone())
    o.step()
    return [p.detach(), o.state[p]['exp_avg'], o.state[p]['exp_avg_sq']]

def embedding(dy, index):
    table = torch.zeros(70, dy.shape[-1], dtype=dy.dtype, requires_grad=True)
    F.embedding(index, table).backward(dy)
    return [table.grad]

def main(dtype):
    x, dy = normal(dtype, 1, (4099,), 3.0), normal(dtype, 2, (4099,))
    for name, fn in UNARY.items(): report(name, dtype, lambda a, f=fn: [f(a)], x)
    for name, fn in ACTIVATIONS.items():
        report(name, dtype, lambda a, f=fn: [f(a)], x)
        report(name + '_grad', dtype, lambda a, b, f=fn: grads(f, [a], b), x, dy)
    for shape, dims in SUMS:
        report('sum' + 'x'.join(map(str, shape)), dtype, lambda a, d=dims: [a.sum(d)], normal(dtype, 3, shape, 1.0, 0.5))
    for rows, width in ROWS:
        size = f'{rows}x{width}'
        a, b, g, e = normal(dtype, 4, (rows, width), 2.0, 1.0), normal(dtype, 5, (rows, width)), normal(dtype, 6, (width,)), normal(dtype, 7, (width,))
        report('layer_norm' + size, dtype, lambda x, g, e: list(torch.native_layer_norm(x, [x.shape[-1]], g, e, 1e-5))[:1], a, g, e)
        report('layer_norm_grad' + size, dtype, lambda x, g, e, d: grads(lambda x, g, e: F.layer_norm(x, [x.shape[-1]], g, e, 1e-5), [x, g, e], d), a, g, e, b)
        report('rms_norm' + size, dtype, lambda x, g: [F.rms_norm(x, [x.shape[-1]], g, 1e-5)], a, g)
        report('rms_norm_grad' + size, dtype, lambda x, g, d: grads(lambda x, g: F.rms_norm(x, [x.shape[-1]], g, 1e-5), [x, g], d), a, g, b)
        report('softmax' + size, dtype, lambda x: [x.softmax(-1)], a)
        report('softmax_grad' + size, dtype, lambda x, d: grads(lambda x: x.softmax(-1), [x], d), a, b)
        labels, dloss = integers(8, (rows,), width), normal(dtype, 9, (rows,))
        report('cross_entropy' + size, dtype, lambda x, y: [F.cross_entropy(x, y, reduction='none')], a, labels)
        report('cross_entropy_grad' + size, dtype, lambda x, y, d: grads(lambda x: F.cross_entropy(x, y, reduction='none'), [x], d), a, labels, dloss)
    report('embedding_grad', dtype, embedding, normal(dtype, 10, (600, 150)), integers(11, (600,), 64))
    report('rotary', dtype, lambda x: [rope(x)], normal(dtype, 12, (2, 3, 300, 64)))
    if dtype == torch.float32:
        report('adamw', dtype, adamw, *[normal(dtype, 13 + i, (9001,)) for i in range(4)])
    for name, b, h, kv, t, d, causal in [('causal', 2, 3, 3, 150, 64, True), ('full', 1, 2, 2, 77, 40, False), ('grouped', 1, 4, 2, 70, 128, True), ('large', 1, 2, 1, 50, 200, True)]:
        q, k, v, do = normal(dtype, 20, (b, h, t, d)), normal(dtype, 21, (b, kv, t, d)), normal(dtype, 22, (b, kv, t, d)), normal(dtype, 23, (b, h, t, d))
        attend = lambda q, k, v, c=causal: F.scaled_dot_product_attention(q, k, v, is_causal=c, enable_gqa=True)
        report('attention_' + name, dtype, lambda q, k, v: [attend(q, k, v)], q, k, v)
        report('attention_grad_' + name, dtype, lambda q, k, v, d: grads(attend, [q, k, v], d), q, k, v, do)

print("# Made by torch_errors.py; see there. PyTorch " + torch.__version__)
for dtype in (torch.float32, torch.bfloat16): main(dtype)
