/* A library that refuses its arena as often as REFUSALS says, and an operator that is registered twice. */
#include "tensorflow/lite/micro/micro_interpreter.h"

static int refusals = REFUSALS;
static TfLiteStatus once(int operation)
{
    static bool registered[4];
    const bool again = registered[operation];
    registered[operation] = true;
    return again ? kTfLiteError : kTfLiteOk;
}

namespace tflite {
uint32_t Model::version() const
{
    return TFLITE_SCHEMA_VERSION;
}
const Model *GetModel(const void *)
{
    static Model model;
    return &model;
}
template <unsigned int count>
TfLiteStatus MicroMutableOpResolver<count>::AddConv2D()
{
    return once(0);
}
template <unsigned int count>
TfLiteStatus MicroMutableOpResolver<count>::AddAdd()
{
    return once(1);
}
template <unsigned int count>
TfLiteStatus MicroMutableOpResolver<count>::AddMean()
{
    return once(2);
}
template <unsigned int count>
TfLiteStatus MicroMutableOpResolver<count>::AddSoftmax()
{
    return once(3);
}
template class MicroMutableOpResolver<4>;
MicroInterpreter::MicroInterpreter(const Model *, const MicroOpResolver &, uint8_t *, size_t) {}
TfLiteStatus MicroInterpreter::AllocateTensors()
{
    return refusals-- > 0 ? kTfLiteError : kTfLiteOk;
}
TfLiteStatus MicroInterpreter::Invoke()
{
    return kTfLiteOk;
}
TfLiteTensor *MicroInterpreter::input(size_t)
{
    return nullptr;
}
TfLiteTensor *MicroInterpreter::output(size_t)
{
    return nullptr;
}
}  // namespace tflite
