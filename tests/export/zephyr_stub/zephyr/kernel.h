/* As much of Zephyr's kernel as exported samples use, in simulated time: the main thread and one other, in turns. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

typedef struct {
    int64_t ns;
} k_timeout_t;
#define K_NSEC(t) ((k_timeout_t){t})
#define K_NO_WAIT ((k_timeout_t){0})
#define K_FOREVER ((k_timeout_t){-1})
#define K_HIGHEST_APPLICATION_THREAD_PRIO (-16)
#define ARG_UNUSED(x) (void)(x)

typedef long atomic_t;
typedef long atomic_val_t;
static inline atomic_val_t atomic_inc(atomic_t *target)
{
    return (*target)++;
}
static inline atomic_val_t atomic_clear(atomic_t *target)
{
    const atomic_val_t found = *target;
    *target = 0;
    return found;
}

static ucontext_t stub_main, stub_other;
static char stub_stack[65536];
static int64_t stub_now_ns;

struct k_msgq {
    size_t size;
    uint32_t most, count;
    char *bytes;
};
#define K_MSGQ_DEFINE(q_name, q_msg_size, q_max_msgs, q_align) \
    static char stub_bytes_##q_name[(q_msg_size) * (q_max_msgs)] __attribute__((aligned(q_align))); \
    struct k_msgq q_name = {q_msg_size, q_max_msgs, 0, stub_bytes_##q_name}
static inline int k_msgq_put(struct k_msgq *msgq, const void *data, k_timeout_t timeout)
{
    (void)timeout;
    if (msgq->count == msgq->most) {
        return -1;
    }
    memcpy(msgq->bytes + msgq->size * msgq->count++, data, msgq->size);
    return 0;
}
static inline int k_msgq_get(struct k_msgq *msgq, void *data, k_timeout_t timeout)
{
    (void)timeout;
    while (msgq->count == 0) {
        swapcontext(&stub_main, &stub_other);
    }
    memcpy(data, msgq->bytes, msgq->size);
    memmove(msgq->bytes, msgq->bytes + msgq->size, msgq->size * --msgq->count);
    return 0;
}

struct k_timer {
    int64_t period_ns;
};
typedef void (*k_timer_expiry_t)(struct k_timer *timer);
#define K_TIMER_DEFINE(name, expiry_fn, stop_fn) struct k_timer name
static inline void k_timer_start(struct k_timer *timer, k_timeout_t duration, k_timeout_t period)
{
    (void)duration;
    timer->period_ns = period.ns;
}
static inline uint32_t k_timer_status_sync(struct k_timer *timer)
{
    swapcontext(&stub_other, &stub_main);
    stub_now_ns += timer->period_ns;
    if (stub_now_ns / 1000 > LIMIT_US) {
        exit(0);
    }
    return 1;
}

struct k_thread {
    int unused;
};
typedef struct k_thread *k_tid_t;
typedef void (*k_thread_entry_t)(void *p1, void *p2, void *p3);
#define K_THREAD_STACK_DEFINE(sym, size) static char sym[size]
#define K_THREAD_STACK_SIZEOF(sym) sizeof(sym)
static k_thread_entry_t stub_entry;
static inline void stub_start(void)
{
    stub_entry(NULL, NULL, NULL);
}
static inline k_tid_t k_thread_create(struct k_thread *new_thread, char *stack, size_t stack_size,
                                      k_thread_entry_t entry, void *p1, void *p2, void *p3, int prio,
                                      uint32_t options, k_timeout_t delay)
{
    (void)stack, (void)stack_size, (void)p1, (void)p2, (void)p3, (void)prio, (void)options, (void)delay;
    stub_entry = entry;
    getcontext(&stub_other);
    stub_other.uc_stack.ss_sp = stub_stack;
    stub_other.uc_stack.ss_size = sizeof stub_stack;
    makecontext(&stub_other, stub_start, 0);
    return new_thread;
}
