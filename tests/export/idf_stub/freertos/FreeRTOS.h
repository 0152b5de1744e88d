/* As much of ESP-IDF 5 and its FreeRTOS as exported programs use, in simulated time: the main task and one other. */
#pragma once
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

typedef int BaseType_t;
typedef unsigned int UBaseType_t;
typedef uint32_t TickType_t;
typedef uint32_t configSTACK_DEPTH_TYPE;
#define pdTRUE 1
#define pdFALSE 0
#define pdPASS pdTRUE
#define portMAX_DELAY 0xffffffffu

typedef void (*esp_timer_cb_t)(void *arg);
static ucontext_t stub_main, stub_other;
static char stub_stack[65536];
static uint64_t stub_now_us, stub_period_us;
static esp_timer_cb_t stub_callback;
static uint32_t stub_notified;
void app_main(void);
