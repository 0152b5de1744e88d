/* Tasks of FreeRTOS. */
#pragma once
#include "freertos/FreeRTOS.h"
typedef struct stub_task *TaskHandle_t;
typedef void (*TaskFunction_t)(void *);
static TaskFunction_t stub_entry;
static inline void stub_start(void)
{
    stub_entry(NULL);
}
static inline BaseType_t xTaskCreate(TaskFunction_t code, const char *name, configSTACK_DEPTH_TYPE depth, void *argument,
                                     UBaseType_t priority, TaskHandle_t *created)
{
    (void)name, (void)depth, (void)argument, (void)priority;
    *created = NULL;
    stub_entry = code;
    getcontext(&stub_other);
    stub_other.uc_stack.ss_sp = stub_stack;
    stub_other.uc_stack.ss_size = sizeof stub_stack;
    makecontext(&stub_other, stub_start, 0);
    return pdPASS;
}
static inline BaseType_t xTaskNotifyGive(TaskHandle_t task)
{
    (void)task;
    stub_notified++;
    return pdPASS;
}
static inline uint32_t ulTaskNotifyTake(BaseType_t clear, TickType_t wait)
{
    (void)clear, (void)wait;
    while (stub_notified == 0) {
        swapcontext(&stub_other, &stub_main);
        stub_now_us += stub_period_us;
        if (stub_now_us > LIMIT_US) {
            exit(0);
        }
        stub_callback(NULL);
    }
    return stub_notified--;
}
