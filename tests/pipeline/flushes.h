/* Answers wait for the disk. */
#ifndef DCEP_TESTS_PIPELINE_FLUSHES_H
#define DCEP_TESTS_PIPELINE_FLUSHES_H

void flushes_before_answers(void);

#endif
