/* The hook that the model calls after each of its layers when it runs in the emulator. */
#ifndef TSNAS_LAYERS_H
#define TSNAS_LAYERS_H

void tsnas_layer_done(int number);

#define TSNAS_LAYER_DONE(number) tsnas_layer_done(number)

#endif
