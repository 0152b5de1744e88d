/* Answers the host's requests. */
#ifndef TSNAS_PROBE_H
#define TSNAS_PROBE_H

/* Takes received bytes and answers the requests that they complete; to be called in an endless loop. */
void probe_poll(void);

#endif
