/* What waits too long, and what comes twice. */
#ifndef DCEP_TESTS_PIPELINE_PRESSURE_H
#define DCEP_TESTS_PIPELINE_PRESSURE_H

void pressure_overload(void);
void pressure_repeated(void);

#endif
