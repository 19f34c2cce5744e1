/* Chores between calls. */
#ifndef DCEP_TESTS_PIPELINE_CHORES_H
#define DCEP_TESTS_PIPELINE_CHORES_H

void chores_beside_calls(void);

#endif
