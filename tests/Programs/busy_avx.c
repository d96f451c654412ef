/*
 * Threads that never make a system call and keep values only in registers: YMM, ZMM and mask registers where the CPU
 * has them, the x87 stack and control word, MXCSR, the direction flag. Each comes back bit for bit.
 * @thread-state
 */
#include "program.h"
#include <cpuid.h>

enum { Threads = 3 };
typedef struct { uint64_t words[8]; } Vector __attribute__((aligned(64)));
typedef struct {
    Vector in[32], out[32];
    uint64_t masks_in[8], masks_out[8], turns;
    long double x87_in[4], x87_out[4];
    uint32_t mxcsr, mxcsr_out;
    uint16_t control, control_out;
    uint64_t flags_out;
    int id;
} State;

static volatile int stop;
static int has_avx, has_avx512;

static void detect(void)
{
    unsigned a, b, c, d, low, high;
    __cpuid(1, a, b, c, d);
    if (!(c & bit_OSXSAVE) || !(c & bit_AVX))
        return;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    __cpuid_count(7, 0, a, b, c, d);
    has_avx = (low & 6) == 6 && (b & bit_AVX2);
    has_avx512 = has_avx && (low & 0xe6) == 0xe6 && (b & bit_AVX512F) && (b & bit_AVX512BW);
}

#define EACH16(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9) F(10) F(11) F(12) F(13) F(14) F(15)
#define EACH32(F) EACH16(F) F(16) F(17) F(18) F(19) F(20) F(21) F(22) F(23) F(24) F(25) F(26) F(27) F(28) F(29) F(30) F(31)
#define EACH_MASK(F) F(1) F(2) F(3) F(4) F(5) F(6) F(7)
#define LOAD_SSE(n) "movdqa " #n "*64(%[in]), %%xmm" #n "\n"
#define SAVE_SSE(n) "movdqa %%xmm" #n ", " #n "*64(%[out])\n"
#define LOAD_AVX(n) "vmovdqa " #n "*64(%[in]), %%ymm" #n "\n"
#define SAVE_AVX(n) "vmovdqa %%ymm" #n ", " #n "*64(%[out])\n"
#define LOAD_512(n) "vmovdqa64 " #n "*64(%[in]), %%zmm" #n "\n"
#define SAVE_512(n) "vmovdqa64 %%zmm" #n ", " #n "*64(%[out])\n"
#define LOAD_MASK(n) "kmovq " #n "*8(%[masks]), %%k" #n "\n"
#define SAVE_MASK(n) "kmovq %%k" #n ", " #n "*8(%[masks_out])\n"

/* Everything from load to save is one statement, so that the compiler cannot touch a register in between. */
#define SPIN(load, add, save)                                                                          \
    __asm__ volatile("fninit\n fldt (%[x87])\n fldt 16(%[x87])\n fldt 32(%[x87])\n fldt 48(%[x87])\n"  \
                     "fldcw %[control]\n ldmxcsr %[mxcsr]\n" load "xorl %%eax, %%eax\n std\n"          \
                     "1: incq %%rax\n" add "cmpl $0, %[stop]\n je 1b\n"                                \
                     "pushfq\n popq %%rcx\n cld\n movq %%rcx, %[flags]\n" save                         \
                     "stmxcsr %[mxcsr_out]\n fnstcw %[control_out]\n"                                  \
                     "fstpt 48(%[x87_out])\n fstpt 32(%[x87_out])\n fstpt 16(%[x87_out])\n fstpt (%[x87_out])\n" \
                     "movq %%rax, %[turns]\n"                                                          \
                     : [turns] "=m"(s->turns), [flags] "=m"(s->flags_out), [mxcsr_out] "=m"(s->mxcsr_out), \
                       [control_out] "=m"(s->control_out)                                              \
                     : [in] "r"(s->in), [out] "r"(s->out), [x87] "r"(s->x87_in), [x87_out] "r"(s->x87_out), \
                       [masks] "r"(s->masks_in), [masks_out] "r"(s->masks_out), [control] "m"(s->control), \
                       [mxcsr] "m"(s->mxcsr), [stop] "m"(stop)                                         \
                     : "rax", "rcx", "cc", "memory")

static void check(State *s)
{
    int registers = has_avx512 ? 32 : 16, words = has_avx512 ? 8 : has_avx ? 4 : 2;
    for (int n = 0; n < registers; n++)
        for (int w = 0; w < words; w++) {
            uint64_t expected = s->in[n].words[w] + (n == 0 ? s->turns * s->in[15].words[w] : 0);
            require(s->out[n].words[w] == expected, "thread %d: vector %d word %d", s->id, n, w);
        }
    for (int n = 1; has_avx512 && n < 8; n++)
        require(s->masks_in[n] == s->masks_out[n], "thread %d: mask register %d", s->id, n);
    for (int n = 0; n < 4; n++)
        require(memcmp(&s->x87_in[n], &s->x87_out[n], 10) == 0, "thread %d: x87 register %d", s->id, n);
    require((s->mxcsr_out & ~0x3fu) == s->mxcsr, "thread %d: MXCSR %x", s->id, s->mxcsr_out);
    require(s->control_out == s->control, "thread %d: x87 control %x", s->id, s->control_out);
    require(s->flags_out & 0x400, "thread %d: direction flag", s->id);
}

static void *spin(void *argument)
{
    State *s = argument;
    uint32_t mxcsr;
    uint16_t control;
    __asm__ volatile("stmxcsr %0\n fnstcw %1" : "=m"(mxcsr), "=m"(control));
    if (has_avx512)
        SPIN(EACH32(LOAD_512) EACH_MASK(LOAD_MASK), "vpaddq %%zmm15, %%zmm0, %%zmm0\n", EACH32(SAVE_512) EACH_MASK(SAVE_MASK));
    else if (has_avx)
        SPIN(EACH16(LOAD_AVX), "vpaddq %%ymm15, %%ymm0, %%ymm0\n", EACH16(SAVE_AVX));
    else
        SPIN(EACH16(LOAD_SSE), "paddq %%xmm15, %%xmm0\n", EACH16(SAVE_SSE));
    __asm__ volatile("ldmxcsr %0\n fldcw %1" : : "m"(mxcsr), "m"(control));
    if (has_avx)
        __asm__ volatile("vzeroupper");
    check(s);
    return NULL;
}

int main(int argc, char **argv)
{
    begin(argc, argv);
    detect();
    static State states[Threads];
    pthread_t threads[Threads];
    for (int i = 0; i < Threads; i++) {
        State *s = &states[i];
        s->id = i;
        fill(s->in, sizeof s->in, (uint64_t)i * 1000);
        fill(s->masks_in, sizeof s->masks_in, (uint64_t)i * 2000);
        for (int n = 0; n < 4; n++)
            s->x87_in[n] = 1.0L / (3 + i + n);
        s->mxcsr = 0x1f80u | (uint32_t)(i + 1) << 13 | (uint32_t)(i & 1) << 15; /* rounding mode, flush to zero */
        s->control = (uint16_t)(0x37f & ~0x300) | (uint16_t)((i + 1) << 10);    /* rounding mode, single precision */
        threads[i] = start_thread(spin, s);
    }
    ready_and_wait();
    stop = 1;
    for (int i = 0; i < Threads; i++)
        join(threads[i]);
    return pass();
}
