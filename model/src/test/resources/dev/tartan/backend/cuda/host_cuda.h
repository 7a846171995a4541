// Lets the CUDA C sources run on a CPU, for tests of numerics and synchronization without a GPU. x86-64, System V.
//
// Every thread of a block is a fiber, which runs until it meets a barrier or a warp exchange; then another one runs. The
// order of fibers and of blocks is drawn from a seed, and so is how much slower each warp is than others, so that a
// missing barrier shows as a wrong result in some order.
// Found at once, with the place in the source: threads that wait for others which do not come (deadlock), threads of one
// warp or block that meet at different places (divergence), threads that end while others wait for them, partial warps
// at warp operations, misaligned 128-bit accesses, indices outside of shared arrays, and writes past the end of dynamic
// shared memory. Shared memory holds NaNs when a block begins.
// Not found: anything about caches and memory order, and what the code generated for a device does with registers.
#pragma once
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#define __global__
#define __device__
#define __host__
#define __forceinline__ inline
#define __restrict__ __restrict
#define __launch_bounds__(...)

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
};
struct alignas(8) uint2 { unsigned x, y; };
struct alignas(16) uint4 { unsigned x, y, z, w; };

namespace host_cuda {
constexpr unsigned WARP = 32;
constexpr size_t STACK_BYTES = 256 * 1024;
constexpr size_t MAX_SHARED_BYTES = 227 * 1024;
constexpr size_t CANARY_BYTES = 4096;  // behind dynamic shared memory
constexpr unsigned SLOWNESS[] = {1, 4, 32};  // a warp runs in one of so many rounds
enum class Wait { NONE, BLOCK, WARP };
struct Place { const char* file; int line; bool isBarrier; };
struct Fiber { void* stackPointer; char* stack; dim3 thread; unsigned index; bool done; Wait waits; Place place; };
struct Exchange { uint64_t value[WARP]; uint32_t fragments[WARP][6]; };

inline dim3 grid, block, blockId;
inline std::vector<Fiber> fibers;
inline std::vector<Exchange> warps;
alignas(16) inline char dynamicMemory[MAX_SHARED_BYTES + CANARY_BYTES];
inline size_t dynamicBytes;
inline unsigned blockCount;  // how many blocks have begun, so that static shared memory knows when it is new
inline void* scheduler;
inline Fiber* current;
inline const std::function<void()>* body;
inline uint64_t seed;
inline std::string failure;
// For tests of the tests: the barrier at one place does nothing; and which barriers a launch met.
inline std::string skippedFile;
inline int skippedLine;
inline std::set<std::string> met;

inline uint64_t draw() { seed ^= seed << 13; seed ^= seed >> 7; seed ^= seed << 17; return seed; }
template <typename T> void shuffle(std::vector<T>& items) {
    for (size_t i = items.size(); i > 1; i--) std::swap(items[i - 1], items[draw() % i]);
}
inline std::string nameOf(Place place) {
    const char* slash = strrchr(place.file, '/');
    return std::string(slash ? slash + 1 : place.file) + ":" + std::to_string(place.line);
}

// What a callee must keep is pushed, then the stacks are swapped.
extern "C" void host_cuda_switch(void** save, void* load);
asm(R"(.text
.weak host_cuda_switch
host_cuda_switch:
  pushq %rbp; pushq %rbx; pushq %r12; pushq %r13; pushq %r14; pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15; popq %r14; popq %r13; popq %r12; popq %rbx; popq %rbp
  ret
)");

/** Ends the launch with an error; called by a fiber, which never runs again. */
[[noreturn]] inline void fail(const std::string& what) {
    if (failure.empty()) {
        failure = what + ", thread (" + std::to_string(current->thread.x) + ", " + std::to_string(current->thread.y) + ") of block ("
            + std::to_string(blockId.x) + ", " + std::to_string(blockId.y) + ", " + std::to_string(blockId.z) + ")";
    }
    void* nowhere;
    host_cuda_switch(&nowhere, scheduler);
    __builtin_unreachable();
}
inline void enter() {
    (*body)();
    current->done = true;
    host_cuda_switch(&current->stackPointer, scheduler);
}
inline void* begin(char* stack) {
    auto top = (uintptr_t*) (((uintptr_t) stack + STACK_BYTES) & ~(uintptr_t) 15);
    *--top = 0;
    *--top = (uintptr_t) &enter;  // returned to with the stack as after a call
    return top - 6;
}
inline void wait(Wait what, Place place) {
    current->waits = what;
    current->place = place;
    host_cuda_switch(&current->stackPointer, scheduler);
}
inline void barrier(Wait what, Place place) {
    if (place.line == skippedLine && nameOf(place) == skippedFile + ":" + std::to_string(skippedLine)) return;
    place.isBarrier = true;
    wait(what, place);
}
/** If threads from .. to all wait for each other, lets them go on. */
inline void release(unsigned from, unsigned to, Wait what) {
    unsigned waiting = 0, done = 0;
    for (unsigned i = from; i < to; i++) {
        done += fibers[i].done;
        waiting += !fibers[i].done && fibers[i].waits == what;
    }
    if (waiting == 0 || waiting + done < to - from) return;
    const Fiber* first = nullptr;
    for (unsigned i = from; i < to; i++) {
        const Fiber& fiber = fibers[i];
        if (fiber.done) continue;
        if (!first) first = &fiber;
        if (fiber.place.line != first->place.line || strcmp(fiber.place.file, first->place.file) != 0) {
            failure = "threads meet at different places: " + nameOf(first->place) + " and " + nameOf(fiber.place);
            return;
        }
    }
    if (done > 0) {
        failure = "threads have ended while others wait for them at " + nameOf(first->place);
        return;
    }
    if (first->place.isBarrier) met.insert(nameOf(first->place));
    for (unsigned i = from; i < to; i++) fibers[i].waits = Wait::NONE;
}
inline void prepareFibers(unsigned count) {
    while (fibers.size() < count) {
        void* stack = mmap(nullptr, STACK_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED) { failure = "no memory for stacks"; return; }
        fibers.push_back({nullptr, (char*) stack, dim3(), 0, false, Wait::NONE, {"", 0, false}});
    }
}
inline void runBlock(unsigned count) {
    blockCount++;
    warps.assign(count / WARP, {});
    memset(dynamicMemory, 0xff, dynamicBytes + CANARY_BYTES);
    std::vector<unsigned> order(count), slowness(count / WARP);
    for (unsigned& slow : slowness) slow = SLOWNESS[draw() % 3];
    for (unsigned i = 0; i < count; i++) {
        Fiber& fiber = fibers[i];
        fiber.index = i;
        fiber.done = false;
        fiber.waits = Wait::NONE;
        fiber.thread = dim3(i % block.x, i / block.x % block.y, i / block.x / block.y);
        fiber.stackPointer = begin(fiber.stack);
        order[i] = i;
    }
    for (unsigned left = count; left > 0;) {
        shuffle(order);
        bool canMove = false;
        std::vector<bool> runs(count / WARP);
        for (unsigned w = 0; w < count / WARP; w++) runs[w] = draw() % slowness[w] == 0;
        for (unsigned i : order) {
            Fiber& fiber = fibers[i];
            if (fiber.done || fiber.waits != Wait::NONE) continue;
            canMove = true;
            if (!runs[i / WARP]) continue;
            current = &fiber;
            host_cuda_switch(&scheduler, fiber.stackPointer);
            if (!failure.empty()) return;
            if (fiber.done) left--;
        }
        if (!canMove) {
            const Fiber* stuck = &fibers[0];
            for (unsigned i = 0; i < count; i++) if (!fibers[i].done) stuck = &fibers[i];
            failure = "deadlock: threads wait at " + nameOf(stuck->place) + " for others that wait elsewhere";
            return;
        }
        for (unsigned w = 0; w < count / WARP && failure.empty(); w++) release(w * WARP, (w + 1) * WARP, Wait::WARP);
        if (failure.empty()) release(0, count, Wait::BLOCK);
        if (!failure.empty()) return;
    }
}
inline char* sharedMemory() { return dynamicMemory; }
/** Runs all blocks; what went wrong is in {@code failure}. */
inline void launch(dim3 g, dim3 b, size_t sharedBytes, uint64_t order, const std::function<void()>& kernel) {
    grid = g; block = b; body = &kernel; dynamicBytes = sharedBytes; seed = order * 0x9E3779B97F4A7C15ull + 1; failure.clear();
    unsigned count = b.x * b.y * b.z;
    prepareFibers(count);
    std::vector<uint64_t> blocks((uint64_t) g.x * g.y * g.z);
    for (uint64_t i = 0; i < blocks.size(); i++) blocks[i] = i;
    shuffle(blocks);
    for (uint64_t i : blocks) {
        if (!failure.empty()) return;
        blockId = dim3(i % g.x, i / g.x % g.y, i / g.x / g.y);
        runBlock(count);
        for (size_t c = 0; c < CANARY_BYTES && failure.empty(); c++) {
            if (sharedMemory()[sharedBytes + c] != (char) 0xff) failure = "write past the end of dynamic shared memory";
        }
    }
}
template <typename T> T exchange(unsigned mask, T value, unsigned from, Place place) {
    if (mask != 0xffffffffu) fail("warp operation of a part of a warp at " + nameOf(place));
    Exchange& warp = warps[current->index / WARP];
    static_assert(sizeof(T) <= sizeof(uint64_t), "larger than a register pair");
    memcpy(&warp.value[current->index % WARP], &value, sizeof(T));
    wait(Wait::WARP, place);
    T result;
    memcpy(&result, &warp.value[from % WARP], sizeof(T));
    wait(Wait::WARP, {place.file, -place.line, false});  // nobody writes the next value before all have read this one
    return result;
}
inline unsigned ballot(unsigned mask, bool value, Place place) {
    if (mask != 0xffffffffu) fail("warp operation of a part of a warp at " + nameOf(place));
    Exchange& warp = warps[current->index / WARP];
    warp.value[current->index % WARP] = value;
    wait(Wait::WARP, place);
    unsigned result = 0;
    for (unsigned i = 0; i < WARP; i++) result |= (unsigned) warp.value[i] << i;
    wait(Wait::WARP, {place.file, -place.line, false});
    return result;
}
/** mma.m16n8k16 of bfloat16: lane l has rows l / 4 and l / 4 + 8 of a and c, column l / 4 of b (PTX ISA). */
inline void multiplyAdd(float (&c)[4], const unsigned (&a)[4], unsigned b0, unsigned b1, Place place) {
    Exchange& warp = warps[current->index / WARP];
    unsigned lane = current->index % WARP;
    uint32_t own[6] = {a[0], a[1], a[2], a[3], b0, b1};
    memcpy(warp.fragments[lane], own, sizeof(own));
    wait(Wait::WARP, place);
    for (int half = 0; half < 2; half++) {
        for (int side = 0; side < 2; side++) {
            unsigned row = lane / 4, column = lane % 4 * 2 + side;
            float sum = 0;
            for (unsigned k = 0; k < 16; k++) {
                unsigned left = warp.fragments[row * 4 + k % 8 / 2][half + k / 8 * 2];
                unsigned right = warp.fragments[column * 4 + k % 8 / 2][4 + k / 8];
                unsigned x = left >> k % 2 * 16 << 16, y = right >> k % 2 * 16 << 16;
                float l, r;
                memcpy(&l, &x, 4);
                memcpy(&r, &y, 4);
                sum += l * r;
            }
            c[half * 2 + side] += sum;
        }
    }
    wait(Wait::WARP, {place.file, -place.line, false});
}
/** ldmatrix.x2.trans: lane l % 16 has the address of row l % 8 of 8 x 8 tile l / 8 % 2. */
inline void loadTransposed(unsigned& first, unsigned& second, const void* rowOfLane, Place place) {
    Exchange& warp = warps[current->index / WARP];
    unsigned lane = current->index % WARP;
    if ((uintptr_t) rowOfLane % 16 != 0) fail("misaligned row of a matrix at " + nameOf(place));
    warp.value[lane] = (uint64_t) rowOfLane;
    wait(Wait::WARP, place);
    unsigned* results[] = {&first, &second};
    for (unsigned tile = 0; tile < 2; tile++) {
        uint16_t pair[2];
        for (unsigned side = 0; side < 2; side++) pair[side] = ((const uint16_t*) warp.value[tile * 8 + lane % 4 * 2 + side])[lane / 4];
        memcpy(results[tile], pair, 4);
    }
    wait(Wait::WARP, {place.file, -place.line, false});
}
inline unsigned lane() { return current->index % WARP; }
/** An array of shared memory, new for each block. */
template <typename T, size_t N> class Shared {
    T items[N];
    unsigned madeFor = 0;
public:
    Shared& ofBlock() {
        if (madeFor != blockCount) { memset((void*) items, 0xff, sizeof(items)); madeFor = blockCount; }
        return *this;
    }
    template <typename I> T& operator[](I index) {
        if ((long long) index < 0 || (size_t) index >= N) fail("index outside of a shared array: index=" + std::to_string(index) + ", length=" + std::to_string(N));
        return items[index];
    }
};
inline void checkAligned(const void* address, size_t bytes, Place place) {
    if ((uintptr_t) address % bytes != 0) fail("misaligned access of " + std::to_string(bytes) + " bytes at " + nameOf(place));
}
}  // namespace host_cuda

#define HOST_CUDA_PLACE host_cuda::Place{__FILE__, __LINE__, false}
#define threadIdx (host_cuda::current->thread)
#define blockIdx (host_cuda::blockId)
#define blockDim (host_cuda::block)
#define gridDim (host_cuda::grid)
#define __syncthreads() host_cuda::barrier(host_cuda::Wait::BLOCK, HOST_CUDA_PLACE)
#define __syncwarp() host_cuda::barrier(host_cuda::Wait::WARP, HOST_CUDA_PLACE)
#define __shfl_sync(mask, value, from) host_cuda::exchange(mask, (value), (unsigned) (from), HOST_CUDA_PLACE)
#define __shfl_xor_sync(mask, value, m) host_cuda::exchange(mask, (value), host_cuda::lane() ^ (m), HOST_CUDA_PLACE)
#define __shfl_down_sync(mask, value, d) host_cuda::exchange(mask, (value), host_cuda::lane() + (d) < 32 ? host_cuda::lane() + (d) : host_cuda::lane(), HOST_CUDA_PLACE)
#define __ballot_sync(mask, value) host_cuda::ballot(mask, (value), HOST_CUDA_PLACE)
#define SHARED_ARRAY(type, name, count) static host_cuda::Shared<type, (count)> name##OfBlock; auto& name = name##OfBlock.ofBlock()
#define DYNAMIC_SHARED(type, name) type* name = (type*) host_cuda::sharedMemory()
#define HOST_CUDA_TENSOR_CORES
#define multiplyAdd(c, a, b0, b1) host_cuda::multiplyAdd(c, a, b0, b1, HOST_CUDA_PLACE)
#define loadTransposed(first, second, row) host_cuda::loadTransposed(first, second, row, HOST_CUDA_PLACE)
#define CHECK_ALIGNED(address, bytes) host_cuda::checkAligned(address, bytes, HOST_CUDA_PLACE)

inline unsigned __float_as_uint(float x) { unsigned r; memcpy(&r, &x, 4); return r; }
inline float __uint_as_float(unsigned x) { float r; memcpy(&r, &x, 4); return r; }
inline unsigned __umulhi(unsigned a, unsigned b) { return (unsigned) ((uint64_t) a * b >> 32); }
inline int __ffs(unsigned x) { return __builtin_ffs((int) x); }
inline int __popc(unsigned x) { return __builtin_popcount(x); }
// Functions of float32 are rounded correctly but for rare ties, so that what is measured is the kernels' arithmetic and not
// the host's library. The errors of CUDA's own, 1 or 2 in the last place, are in its programming guide.
#define HOST_CUDA_ROUNDED(name) inline float host_##name(float x) { return (float) name((double) x); } inline double host_##name(double x) { return name(x); }
HOST_CUDA_ROUNDED(exp) HOST_CUDA_ROUNDED(log) HOST_CUDA_ROUNDED(tanh) HOST_CUDA_ROUNDED(sin) HOST_CUDA_ROUNDED(cos) HOST_CUDA_ROUNDED(expm1) HOST_CUDA_ROUNDED(log1p)
#define exp host_exp
#define log host_log
#define tanh host_tanh
#define sin host_sin
#define cos host_cos
#define expm1 host_expm1
#define log1p host_log1p
#define expf host_exp
#define logf host_log
// Fibers run one at a time, so these are atomic.
template <typename T> T atomicAdd(T* where, T value) { T old = *where; *where = old + value; return old; }
template <typename T> T atomicMax(T* where, T value) { T old = *where; *where = old > value ? old : value; return old; }
template <typename T> T atomicCAS(T* where, T expected, T value) { T old = *where; if (old == expected) *where = value; return old; }
inline void __threadfence() {}
