// CUDA's blocks of threads on one core. A thread of a block is a fiber, which hands over to the next at a barrier; the first
// one goes on when all have. With $UGMM_BACKWARD the last thread is the first: where a barrier is missing, one of the two
// orders reads what is not there yet.
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

struct dimensions {
  unsigned x, y, z;
};
struct fiber {
  void *stack_pointer;
  dimensions index;
  bool ended;
};
static dimensions threadIdx, blockIdx, blockDim, gridDim;
static char *shared_memory;
static fiber scheduler, *fibers;
static unsigned current;
static void **arguments;
// The kernel, and whether its threads wait for each other; both are defined after it.
static void call(void **arguments);
extern const bool has_barriers;

// Saves the registers that a call leaves alone and the stack of one fiber, and takes up another.
extern "C" void switch_stacks(void **from, void *to);
asm(R"(
.text
.local switch_stacks
.type switch_stacks,@function
switch_stacks:
 pushq %rbp
 pushq %rbx
 pushq %r12
 pushq %r13
 pushq %r14
 pushq %r15
 movq %rsp, (%rdi)
 movq %rsi, %rsp
 popq %r15
 popq %r14
 popq %r13
 popq %r12
 popq %rbx
 popq %rbp
 ret
)");
static void hand_over() { switch_stacks(&fibers[current].stack_pointer, scheduler.stack_pointer); }
static void run_thread() {
  call(arguments);
  fibers[current].ended = true;
  hand_over();
}
static void __syncthreads() { hand_over(); }

static void prepare(fiber &thread, char *stack_end) {
  void **top = (void **)(stack_end - 64);
  *--top = nullptr;
  *--top = (void *)run_thread;
  for (int saved = 0; saved < 6; saved++) *--top = nullptr;
  thread.stack_pointer = top;
  thread.ended = false;
}

extern "C" void launch(void **with, const unsigned *grid, const unsigned *block, unsigned shared) {
  const size_t stack = 128 << 10;
  const unsigned count = block[0] * block[1] * block[2];
  const bool backward = getenv("UGMM_BACKWARD");
  arguments = with;
  gridDim = {grid[0], grid[1], grid[2]};
  blockDim = {block[0], block[1], block[2]};
  shared_memory = (char *)aligned_alloc(128, (shared + 255) / 128 * 128);
  fibers = (fiber *)calloc(count, sizeof(fiber));
  char *stacks = (char *)mmap(nullptr, stack * count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  for (unsigned i = 0; i < count; i++) fibers[i].index = {i % block[0], i / block[0] % block[1], i / block[0] / block[1]};
  for (blockIdx.z = 0; blockIdx.z < grid[2]; blockIdx.z++)
    for (blockIdx.y = 0; blockIdx.y < grid[1]; blockIdx.y++)
      for (blockIdx.x = 0; blockIdx.x < grid[0]; blockIdx.x++) {
        // NaN, so that what was never written shows when it is read.
        memset(shared_memory, 0xff, shared);
        for (unsigned i = 0; i < count; i++) prepare(fibers[i], stacks + stack * (i + 1));
        for (unsigned running = count; running > 0;)
          for (unsigned turn = 0; turn < count; turn++) {
            current = backward ? count - 1 - turn : turn;
            if (fibers[current].ended) continue;
            threadIdx = fibers[current].index;
            if (has_barriers) {
              switch_stacks(&scheduler.stack_pointer, fibers[current].stack_pointer);
            } else {
              call(arguments);
              fibers[current].ended = true;
            }
            running -= fibers[current].ended;
          }
      }
  munmap(stacks, stack * count);
  free(fibers);
  free(shared_memory);
}

// What kernels call.
static uint32_t bits(float value) {
  uint32_t word;
  memcpy(&word, &value, 4);
  return word;
}
static float from_bits(uint32_t word) {
  float value;
  memcpy(&value, &word, 4);
  return value;
}
// ex2.approx.ftz: wrong by the two units of the last place that NVIDIA allows it, one way or the other; nothing is subnormal.
static float ex2_approx_ftz(float value) {
  const float least = 1.17549435e-38f, largest = 3.4028235e38f;
  if (fabsf(value) < least) value = 0;
  const float power = exp2f(value);
  if (power < least) return 0;
  if (!(power < largest) || value == 0) return power;
  return from_bits(bits(value) * 2654435761u >> 31 ? bits(power) + 2 : bits(power) - 2);
}
static float max_nan(float a, float b) { return a != a || b != b ? NAN : fmaxf(a, b); }
static float atomic_add(float *place, float value) {
  const float before = *place;
  *place = before + value;
  return before;
}
static float min(float a, float b) { return fminf(a, b); }
static float max(float a, float b) { return fmaxf(a, b); }
static uint32_t min(uint32_t a, uint32_t b) { return a < b ? a : b; }
static uint32_t max(uint32_t a, uint32_t b) { return a > b ? a : b; }
static uint32_t __umulhi(uint32_t a, uint32_t b) { return (uint64_t)a * b >> 32; }
static uint32_t __float_as_uint(float value) { return bits(value); }
static float __uint_as_float(uint32_t word) { return from_bits(word); }

// CUDA's words that mean nothing here, and types that kernels define for themselves.
#define __global__
#define __device__
#define __restrict__
#define __grid_constant__
#define __align__(bytes)
#define __launch_bounds__(threads)
#define uint8_t kernel_uint8_t
#define uint16_t kernel_uint16_t
#define uint32_t kernel_uint32_t
#define uint64_t kernel_uint64_t
#define int8_t kernel_int8_t
#define int16_t kernel_int16_t
#define int32_t kernel_int32_t
#define int64_t kernel_int64_t
