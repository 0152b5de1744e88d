/* Queues of FreeRTOS. */
#pragma once
#include "freertos/FreeRTOS.h"
typedef struct stub_queue {
    size_t size;
    UBaseType_t most, count;
    char bytes[65536];
} *QueueHandle_t;
static inline QueueHandle_t xQueueCreate(UBaseType_t length, UBaseType_t item_size)
{
    static struct stub_queue queue;
    queue.size = item_size;
    queue.most = length;
    return &queue;
}
static inline BaseType_t xQueueSend(QueueHandle_t queue, const void *item, TickType_t wait)
{
    (void)wait;
    if (queue->count == queue->most) {
        return pdFALSE;
    }
    memcpy(queue->bytes + queue->size * queue->count++, item, queue->size);
    return pdTRUE;
}
static inline BaseType_t xQueueReceive(QueueHandle_t queue, void *item, TickType_t wait)
{
    (void)wait;
    while (queue->count == 0) {
        swapcontext(&stub_main, &stub_other);
    }
    memcpy(item, queue->bytes, queue->size);
    memmove(queue->bytes, queue->bytes + queue->size, queue->size * --queue->count);
    return pdTRUE;
}
