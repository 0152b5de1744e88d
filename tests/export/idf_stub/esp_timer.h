/* Timers of ESP-IDF. */
#pragma once
#include "esp_err.h"
#include "freertos/FreeRTOS.h"
typedef struct esp_timer *esp_timer_handle_t;
typedef enum { ESP_TIMER_TASK } esp_timer_dispatch_t;
typedef struct {
    esp_timer_cb_t callback;
    void *arg;
    esp_timer_dispatch_t dispatch_method;
    const char *name;
    _Bool skip_unhandled_events;
} esp_timer_create_args_t;
static inline esp_err_t esp_timer_create(const esp_timer_create_args_t *arguments, esp_timer_handle_t *handle)
{
    stub_callback = arguments->callback;
    *handle = NULL;
    return ESP_OK;
}
static inline esp_err_t esp_timer_start_periodic(esp_timer_handle_t timer, uint64_t period)
{
    (void)timer;
    stub_period_us = period;
    return ESP_OK;
}
