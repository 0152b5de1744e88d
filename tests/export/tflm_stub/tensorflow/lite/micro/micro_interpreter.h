/* As much of the interpreter as exported sources use. */
#pragma once
#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"
/* The struct has more members before its data if the library is not built for static memory. */
struct TfLiteTensor {
#ifndef TF_LITE_STATIC_MEMORY
  void *params[4];
#endif
  union {
    int8_t *int8;
  } data;
};
namespace tflite {
class MicroInterpreter {
 public:
  MicroInterpreter(const Model *model, const MicroOpResolver &resolver, uint8_t *arena, size_t bytes);
  TfLiteStatus AllocateTensors();
  TfLiteStatus Invoke();
  TfLiteTensor *input(size_t index);
  TfLiteTensor *output(size_t index);
};
}  // namespace tflite
