/* The way of a call through the server:
 *
 *     put      as it arrives; where there is no room (serve_room.h) it is answered "busy" at once
 *     prepare  by the workers: read it, verify its signatures
 *     write    by the one writer, in the order of arrival: all that are prepared, at most
 *              BATCH_CALLS_MAX, in one transaction; the batch is what arrived while the last one
 *              was being committed, and nothing waits for a clock
 *     sign     by the workers and the writer together
 *     commit   while the workers make the replies
 *     flush    by a thread of its own, all that was committed meanwhile; the writer goes on
 *     reply    after the flush, by that thread
 *
 * Between two batches, and when there are none, the writer does the server's chores.
 *
 * docs/adr/0018-pipeline.md and 0053-flushed-while-the-next-is-written.md. */
#ifndef DCEP_CENTRAL_SERVE_PIPELINE_H
#define DCEP_CENTRAL_SERVE_PIPELINE_H

#include "central/serve_batch.h"

enum { SERVE_WORKERS_MAX = 64 };

struct serve_pipeline;
/* service belongs to the pipeline while there are calls in it (serve_pipeline_drain), and so does
 * what the chores (NULL: none) work with. worker_count: 1 to SERVE_WORKERS_MAX. */
enum err serve_pipeline_open(struct serve_pipeline **out, struct service *service,
                             struct net_server *server, const struct serve_batch_chores *chores,
                             size_t worker_count) MUST_USE;
/* From one thread, as are the ones below. Every request is answered, or dropped if that is the only
 * honest answer. */
void serve_pipeline_put(struct serve_pipeline *pipeline, struct net_request *requests,
                        size_t count);
/* Nobody calls: time for chores. Does not wait for them. */
void serve_pipeline_rest(struct serve_pipeline *pipeline);
/* Waits until all that was put, and a rest, is done: then service and store are the caller's until
 * the next put or rest. */
void serve_pipeline_drain(struct serve_pipeline *pipeline);
/* The result of a commit is unknown: nothing is done any more, the database must be opened anew. */
bool serve_pipeline_is_broken(struct serve_pipeline *pipeline);
void serve_pipeline_close(struct serve_pipeline **pipeline); /* drains; fit for AUTO */

#endif
