/* As much of the resolver as exported sources use. */
#pragma once
enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };
namespace tflite {
class MicroOpResolver {
 public:
  virtual ~MicroOpResolver() {}
};
template <unsigned int count>
class MicroMutableOpResolver : public MicroOpResolver {
 public:
  TfLiteStatus AddConv2D();
  TfLiteStatus AddAdd();
  TfLiteStatus AddMean();
  TfLiteStatus AddSoftmax();
};
}  // namespace tflite
