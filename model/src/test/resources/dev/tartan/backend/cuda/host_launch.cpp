#include "host_launch.h"
#include <mutex>

namespace {
std::mutex oneAtATime;  // a launch has the state of the one device
std::string answer;
const char* keep(const std::string& text) { answer = text; return answer.c_str(); }
}  // namespace

#define NATIVE(type, name) extern "C" type Java_dev_tartan_backend_cuda_HostCudaLibrary_##name

/** The address of a text that holds until the next call: the signature of a kernel, empty if there is none. */
NATIVE(int64_t, signature)(void*, void*, int64_t name) {
    auto found = host_cuda::entries().find((const char*) name);
    return (int64_t) keep(found == host_cuda::entries().end() ? "" : found->second.signature);
}
/** The address of a text: empty, or why the launch failed. */
NATIVE(int64_t, launch)(void*, void*, int64_t name, int32_t gx, int32_t gy, int32_t gz, int32_t bx, int32_t by, int32_t bz,
        int32_t sharedBytes, int64_t parameters, int64_t seed) {
    std::lock_guard<std::mutex> lock(oneAtATime);
    auto found = host_cuda::entries().find((const char*) name);
    if (found == host_cuda::entries().end()) return (int64_t) keep("there is no such kernel");
    int64_t threads = (int64_t) bx * by * bz;
    if (threads < 1 || threads > 1024 || threads % 32 != 0) return (int64_t) keep("a block must have 32 to 1024 threads in whole warps");
    if (gx < 1 || gy < 1 || gz < 1 || gy > 65535 || gz > 65535) return (int64_t) keep("a grid must have 1 to 65535 blocks in y and z");
    if (sharedBytes < 0 || sharedBytes > (int32_t) host_cuda::MAX_SHARED_BYTES) return (int64_t) keep("a block has at most 227 KiB of shared memory");
    host_cuda::met.clear();
    host_cuda::launch(dim3(gx, gy, gz), dim3(bx, by, bz), sharedBytes, seed, [&] { found->second.call((void**) parameters); });
    return (int64_t) keep(host_cuda::failure);
}
/** Makes the barrier at file:line do nothing until called with another; line 0 is none. */
NATIVE(void, skip)(void*, void*, int64_t file, int32_t line) {
    host_cuda::skippedFile = (const char*) file;
    host_cuda::skippedLine = line;
}
/** The address of a text: the places of the barriers that threads met at in the last launch, a line each. */
NATIVE(int64_t, met)(void*, void*) {
    std::string text;
    for (auto& place : host_cuda::met) text += place + "\n";
    return (int64_t) keep(text);
}
