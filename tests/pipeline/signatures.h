/* Signatures that can be made again: rows can only be compared if what was signed has the same
 * signature each time. */
#ifndef DCEP_TESTS_PIPELINE_SIGNATURES_H
#define DCEP_TESTS_PIPELINE_SIGNATURES_H

void signatures_remember(void); /* from now on: crypto_libcrypto, and each message signed once */
void signatures_forget(void);

#endif
