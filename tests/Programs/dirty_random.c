/*
 * Writes at random and knows what every page must hold: a table apart from the memory has a sequence number and a sum for
 * each page, so that a page that is lost, torn or of an older generation is noticed, while it runs and at the end. Threads
 * write words and pages, let the kernel write, give pages back, and unmap, replace, move, grow, shrink and protect mappings.
 * A log file says how far it was, so that memory and files of different generations are noticed too.
 *
 *   DIRTY_MIB        memory, 24 by default      DIRTY_THREADS    threads, 3 by default
 */
#include "program.h"
#include <sys/random.h>

enum { Page = 4096, Words = Page / 8, ThreadsMax = 16, Slots = 12, SlotPagesMax = 256, Hot = 16 };
typedef enum { Private, Shared, OfFile, Heap, Large } Kind;
static const char *kinds[] = {"private", "shared", "private file", "heap", "large"};

/* What a page must hold. Word 0 of a page that was ever written is its sequence number; a page of zeros has both 0. */
typedef struct { uint64_t sequence, sum; } Expected;

typedef struct {
    Kind kind;
    int protection;
    size_t pages, capacity;
    char *at;
    Expected *expected;
} Slot;

typedef struct {
    int number, log;
    uint64_t state, sequence, steps;
    uint64_t sequences; /* sum of all sequence numbers in the tables of this thread */
    Slot slots[Slots + 1];
} Worker;

static Worker workers[ThreadsMax];
static volatile int stop;
static int thread_count, file;
static Expected of_file[SlotPagesMax];

static uint64_t random_below(Worker *w, uint64_t limit) { return (w->state = mix(w->state)) % limit; }

static uint64_t sum_of(const uint64_t *words)
{
    uint64_t sum = 0;
    for (int i = 0; i < Words; i++)
        sum += words[i];
    return sum;
}

static void expect(Worker *w, Expected *e, uint64_t sequence, uint64_t sum)
{
    w->sequences += sequence - e->sequence;
    *e = (Expected){sequence, sum};
}

static void check(Worker *w, Slot *s, size_t page)
{
    const uint64_t *words = (const uint64_t *)(s->at + page * Page);
    Expected e = s->expected[page];
    if (s->protection == PROT_NONE)
        return;
    require(words[0] == e.sequence, "thread %d, %s slot %ld, page %lu at %p: sequence %lu, should be %lu of %lu", w->number, kinds[s->kind],
            (long)(s - w->slots), page, (void *)words, words[0], e.sequence, w->sequence);
    require(sum_of(words) == e.sum, "thread %d, %s slot %ld, page %lu at %p: sum %lx, should be %lx at sequence %lu", w->number,
            kinds[s->kind], (long)(s - w->slots), page, (void *)words, sum_of(words), e.sum, e.sequence);
}

/* Pages that hold again what their mapping holds when it is new. */
static void reset(Worker *w, Slot *s, size_t from, size_t count)
{
    for (size_t page = from; page < from + count; page++)
        if (s->kind == OfFile)
            expect(w, &s->expected[page], of_file[page].sequence, of_file[page].sum);
        else
            expect(w, &s->expected[page], 0, 0);
}

static void write_word(Worker *w, uint64_t *words, Expected *e)
{
    uint64_t *word = words + 1 + random_below(w, Words - 1), value = mix(w->state), sequence = ++w->sequence;
    uint64_t sum = e->sum - words[0] - *word + sequence + value;
    words[0] = sequence;
    *word = value;
    expect(w, e, sequence, sum);
}

static void write_page(Worker *w, uint64_t *words, Expected *e)
{
    uint64_t sequence = ++w->sequence, seed = mix(sequence + ((uint64_t)w->number << 56));
    int used = random_below(w, 2) ? Words : Words / 4; /* some compress, some do not */
    for (int i = 1; i < Words; i++)
        words[i] = i < used ? mix(seed + (unsigned)i) : 0;
    words[0] = sequence;
    expect(w, e, sequence, sum_of(words));
}

/* The kernel writes, as read(2) does. */
static void let_kernel_write(Worker *w, uint64_t *words, Expected *e)
{
    uint64_t sequence = ++w->sequence;
    require(getrandom(words, Page, 0) == Page, "getrandom: %s", strerror(errno));
    words[0] = sequence;
    expect(w, e, sequence, sum_of(words));
}

static void write_somewhere(Worker *w, Slot *s)
{
    if (s->pages == 0 || !(s->protection & PROT_WRITE))
        return;
    /* Most writes go to a window that wanders, so that a generation later most pages are still as they were. */
    size_t window = s->pages / Hot + 1, base = (w->steps / 4096 * window) % s->pages;
    size_t page = random_below(w, 64) == 0 ? random_below(w, s->pages) : (base + random_below(w, window)) % s->pages;
    uint64_t *words = (uint64_t *)(s->at + page * Page);
    switch (random_below(w, 8)) {
    case 0: write_page(w, words, &s->expected[page]); break;
    case 1: let_kernel_write(w, words, &s->expected[page]); break;
    default: write_word(w, words, &s->expected[page]);
    }
}

static void give_back(Worker *w, Slot *s)
{
    if (s->pages == 0)
        return;
    size_t from = random_below(w, s->pages), count = 1 + random_below(w, s->pages - from);
    if (s->kind == Large && count > 32)
        count = 32;
    if (s->kind == Shared) {
        if (s->protection != (PROT_READ | PROT_WRITE))
            return; /* MADV_REMOVE asks for a writable mapping */
        must(madvise(s->at + from * Page, count * Page, MADV_REMOVE));
    } else {
        must(madvise(s->at + from * Page, count * Page, MADV_DONTNEED));
    }
    reset(w, s, from, count);
}

static char *map_new(Slot *s, size_t pages, char *where)
{
    int flags = (s->kind == Shared ? MAP_SHARED : MAP_PRIVATE) | (s->kind == OfFile ? 0 : MAP_ANONYMOUS) | (where ? MAP_FIXED : 0);
    return must(mmap(where, pages * Page, s->protection, flags, s->kind == OfFile ? file : -1, 0));
}

/* A new mapping, in place of the old one or elsewhere and of another size. */
static void replace(Worker *w, Slot *s)
{
    s->protection = PROT_READ | PROT_WRITE;
    if (s->pages > 0 && random_below(w, 2)) {
        map_new(s, s->pages, s->at);
        reset(w, s, 0, s->pages);
        return;
    }
    if (s->pages > 0)
        must(munmap(s->at, s->pages * Page));
    for (size_t page = 0; page < s->pages; page++)
        expect(w, &s->expected[page], 0, 0);
    s->pages = random_below(w, 8) == 0 ? 0 : 1 + random_below(w, s->capacity);
    if (s->pages == 0)
        return;
    s->at = map_new(s, s->pages, NULL);
    reset(w, s, 0, s->pages);
}

/* Grows or shrinks the mapping and moves it where it must, or always moves it. */
static void resize(Worker *w, Slot *s)
{
    if (s->pages == 0 || s->kind == Shared) /* a shared object does not grow with its mapping */
        return;
    size_t pages = 1 + random_below(w, s->capacity), old = s->pages;
    if (random_below(w, 2)) {
        char *place = must(mmap(NULL, pages * Page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
        s->at = must(mremap(s->at, old * Page, pages * Page, MREMAP_MAYMOVE | MREMAP_FIXED, place));
    } else {
        s->at = must(mremap(s->at, old * Page, pages * Page, MREMAP_MAYMOVE));
    }
    for (size_t page = pages; page < old; page++)
        expect(w, &s->expected[page], 0, 0);
    if (pages > old)
        reset(w, s, old, pages - old);
    s->pages = pages;
}

static void protect(Worker *w, Slot *s)
{
    static const int choices[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_WRITE};
    s->protection = choices[random_below(w, 4)];
    if (s->pages > 0)
        must(mprotect(s->at, s->pages * Page, s->protection));
}

/* Only the first thread has a heap: its end is the process's. */
static void move_end_of_heap(Worker *w, Slot *s)
{
    size_t pages = 1 + random_below(w, s->capacity), old = s->pages;
    require(sbrk(0) == s->at + old * Page, "the heap ends at %p, not at %p", sbrk(0), (void *)(s->at + old * Page));
    must(sbrk(((intptr_t)pages - (intptr_t)old) * Page));
    reset(w, s, pages < old ? pages : old, pages < old ? old - pages : pages - old);
    s->pages = pages;
}

static void churn(Worker *w, Slot *s)
{
    switch (random_below(w, 5)) {
    case 0: give_back(w, s); break;
    case 1: s->kind == Heap ? move_end_of_heap(w, s) : s->kind == Large ? give_back(w, s) : replace(w, s); break;
    case 2: s->kind == Heap || s->kind == Large ? give_back(w, s) : resize(w, s); break;
    default:
        if (s->kind != Heap && s->kind != Large)
            protect(w, s);
    }
}

static void log_step(Worker *w)
{
    uint64_t record = w->steps;
    require(write(w->log, &record, sizeof record) == sizeof record, "log: %s", strerror(errno));
}

static void *work(void *argument)
{
    Worker *w = argument;
    for (; !stop; w->steps++) {
        Slot *s = &w->slots[random_below(w, 2) ? Slots : random_below(w, Slots)];
        write_somewhere(w, s);
        if (random_below(w, 64) == 0)
            churn(w, &w->slots[random_below(w, Slots + 1)]);
        s = &w->slots[random_below(w, Slots + 1)];
        if (s->pages > 0)
            check(w, s, random_below(w, s->pages));
        if (w->steps % 1024 == 0)
            log_step(w);
        if (w->steps % 64 == 0)
            nap_ms(1);
    }
    return NULL;
}

static void make_slot(Worker *w, int number, size_t large_pages)
{
    Slot *s = &w->slots[number];
    s->kind = number == Slots ? Large : number == 0 && w->number == 0 ? Heap : (Kind)(number % 3);
    s->capacity = s->kind == Large ? large_pages : SlotPagesMax;
    s->protection = PROT_READ | PROT_WRITE;
    s->expected = must(mmap(NULL, s->capacity * sizeof(Expected), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    s->pages = s->capacity;
    if (s->kind == Heap) {
        intptr_t odd = (intptr_t)must(sbrk(0)) % Page;
        s->at = (char *)must(sbrk((intptr_t)s->pages * Page + Page - odd)) + Page - odd;
        return;
    }
    s->at = map_new(s, s->pages, NULL);
    if (s->kind == Large && w->number % 2 == 0)
        (void)madvise(s->at, s->pages * Page, MADV_HUGEPAGE); /* EINVAL where the kernel has none */
    reset(w, s, 0, s->pages);
}

static void make_file(void)
{
    static uint64_t words[Words];
    file = must(open(scratch_path("data"), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    for (int page = 0; page < SlotPagesMax; page++) {
        fill(words, Page, (uint64_t)page << 40);
        of_file[page] = (Expected){words[0], sum_of(words)};
        require(write(file, words, Page) == Page, "data: %s", strerror(errno));
    }
}

static void start(Worker *w, int number, size_t large_pages)
{
    char suffix[16];
    snprintf(suffix, sizeof suffix, "log-%d", number);
    w->number = number;
    w->state = (uint64_t)number + 77;
    w->log = must(open(scratch_path(suffix), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
    for (int i = 0; i <= Slots; i++)
        make_slot(w, i, large_pages);
    for (size_t page = 0; page < large_pages; page++)
        write_page(w, (uint64_t *)(w->slots[Slots].at + page * Page), &w->slots[Slots].expected[page]);
}

static void check_all(Worker *w)
{
    uint64_t sequences = 0;
    for (int i = 0; i <= Slots; i++) {
        Slot *s = &w->slots[i];
        if (s->pages > 0 && s->kind != Heap)
            must(mprotect(s->at, s->pages * Page, s->protection = PROT_READ | PROT_WRITE));
        for (size_t page = 0; page < s->pages; page++)
            check(w, s, page);
        for (size_t page = 0; page < s->capacity; page++)
            sequences += s->expected[page].sequence;
    }
    require(sequences == w->sequences, "thread %d: the tables sum up to %lu, not %lu", w->number, sequences, w->sequences);
    struct stat status;
    must(fstat(w->log, &status));
    uint64_t logged = (uint64_t)status.st_size / 8, wanted = (w->steps + 1023) / 1024;
    require(logged == wanted, "thread %d: %lu records in the log after %lu steps", w->number, logged, w->steps);
}

static long setting(const char *name, long otherwise)
{
    const char *text = getenv(name);
    return text && *text ? atol(text) : otherwise;
}

int main(int argc, char **argv)
{
    pthread_t threads[ThreadsMax];
    begin(argc, argv);
    void *volatile room = malloc(64 * 1024);
    free(room); /* from now on the little that threads need does not move the end of the heap */
    thread_count = (int)setting("DIRTY_THREADS", 3);
    require(thread_count > 0 && thread_count <= ThreadsMax, "DIRTY_THREADS is %d", thread_count);
    make_file();
    for (int i = 0; i < thread_count; i++)
        start(&workers[i], i, (size_t)setting("DIRTY_MIB", 24) * 256 / (size_t)thread_count);
    for (int i = 0; i < thread_count; i++)
        threads[i] = start_thread(work, &workers[i]);
    ready_and_wait();

    /* A while longer, so that what a restore got wrong in the threads themselves shows, too. */
    uint64_t before[ThreadsMax];
    for (int i = 0; i < thread_count; i++)
        before[i] = *(volatile uint64_t *)&workers[i].steps;
    for (int i = 0; i < thread_count; i++)
        wait_until(*(volatile uint64_t *)&workers[i].steps > before[i] + 500, "thread %d stands still", i);
    stop = 1;
    for (int i = 0; i < thread_count; i++)
        join(threads[i]);
    for (int i = 0; i < thread_count; i++)
        check_all(&workers[i]);
    return pass();
}
