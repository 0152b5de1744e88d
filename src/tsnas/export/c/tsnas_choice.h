/* Chooses the kernels of a build: CMSIS-NN, or the portable ones in plain C, which give the same bytes.

   TSNAS_PORTABLE   defined: portable kernels.
   TSNAS_CMSIS_NN   defined: CMSIS-NN.
   Neither: CMSIS-NN, or for Arduino, PlatformIO and ESP-IDF the portable ones if the include path has no CMSIS-NN.
   Where no flags can be given, define one of them here. */
#ifndef TSNAS_CHOICE_H
#define TSNAS_CHOICE_H

#if !defined TSNAS_PORTABLE && !defined TSNAS_CMSIS_NN
#ifdef __has_include
/* The second header is that of version 4; cores that still bring an older CMSIS-NN have only the first. */
#if __has_include("arm_nnfunctions.h") && __has_include("arm_nn_math_types.h")
#define TSNAS_CMSIS_NN
#endif
#endif
#ifndef TSNAS_CMSIS_NN
#if defined ARDUINO || defined PLATFORMIO || defined ESP_PLATFORM
#define TSNAS_PORTABLE
#elif defined __has_include
#error "CMSIS-NN is missing: add its folder Include (4.0 or later) to the include path, or define TSNAS_PORTABLE."
#endif
#endif
#endif

#ifdef TSNAS_PORTABLE
#define TSNAS_KERNELS "portable"
#else
#define TSNAS_KERNELS "CMSIS-NN"
#endif

/* Arduino compiles for size, and a library cannot change that otherwise. The kernels have no floating point. */
#if defined ARDUINO && defined __GNUC__ && !defined __clang__
#pragma GCC optimize("O3")
#endif

#endif
