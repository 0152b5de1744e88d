/* Answers the host's requests. */
#ifndef TSNAS_PROBE_H
#define TSNAS_PROBE_H

/* Takes what has come in and answers whatever it completes; to be called for ever. */
void probe_poll(void);

#endif
