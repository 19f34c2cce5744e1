/* The control socket: commands of the operator, run by the server's own thread between two
 * batches. */
#ifndef DCEP_CENTRAL_SERVE_CONTROL_H
#define DCEP_CENTRAL_SERVE_CONTROL_H

#include "common/cli/cli.h"
#include "common/net/net.h"

struct serve_control;
/* Listens and starts its thread. wake: what makes the server's thread look here
 * (serve_control_run). */
enum err serve_control_open(struct serve_control **out, const char *data,
                            struct net_server *wake) MUST_USE;
bool serve_control_waits(struct serve_control *control); /* is there a command to run? */
/* Runs the command that waits, if any. context goes to the command. */
void serve_control_run(struct serve_control *control, const struct cli_program *program,
                       void *context);
/* Lets those in that have arrived, then no more; every one of them is run and answered. */
void serve_control_stop(struct serve_control *control, const struct cli_program *program,
                        void *context);
void serve_control_close(struct serve_control **control); /* fit for AUTO */

#endif
