/* Commands, one at a time, from the control socket to the server's thread and back.
 *
 * 1. The store, the keys and the language belong to the server's thread alone: this thread only
 *    carries bytes.
 * 2. A command that was taken is answered, also while the server stops.
 *
 * Never looks into a command. */
#include "central/serve_control.h"

#include "common/base/log.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

enum { LOOK_MS = 1000 };

struct serve_control {
    struct net_server *server, *wake;
    const char *data;
    pthread_t thread;
    pthread_mutex_t lock; /* guards what follows */
    pthread_cond_t changed;
    struct span request; /* waits for the server's thread; size 0: none */
    struct buffer reply;
    bool has_request, is_answered, has_ended;
    atomic_bool is_stopping;
    bool has_thread;
};

/* Hands the request over and waits until it was run. */
static void run_elsewhere(struct serve_control *control, struct net_request *request)
{
    pthread_mutex_lock(&control->lock);
    control->request = request->bytes;
    control->has_request = true;
    control->is_answered = false;
    pthread_cond_broadcast(&control->changed);
    net_server_wake(control->wake);
    while (!control->is_answered)
        pthread_cond_wait(&control->changed, &control->lock);
    pthread_mutex_unlock(&control->lock);
    if (control->reply.size > 0)
        net_server_reply(control->server, request, buffer_span(&control->reply));
    else
        net_server_drop(control->server, request);
    secret_wipe_bytes(control->reply.data, control->reply.size);
    buffer_fini(&control->reply);
}

static void *carry(void *context)
{
    struct serve_control *control = context;
    for (bool last = false; !last;) {
        struct net_request request;
        size_t count = 1;
        last = atomic_load(&control->is_stopping);
        while (net_server_take(control->server, &request, &count, last ? 0 : LOOK_MS) == ERR_OK &&
               count == 1)
            run_elsewhere(control, &request);
    }
    pthread_mutex_lock(&control->lock);
    control->has_ended = true;
    pthread_cond_broadcast(&control->changed);
    pthread_mutex_unlock(&control->lock);
    return NULL;
}

enum err serve_control_open(struct serve_control **out, const char *data, struct net_server *wake)
{
    char address[CLI_ADDRESS_SIZE];
    struct serve_control *control AUTO(serve_control_close) = calloc(1, sizeof *control);
    if (control == NULL)
        return ERR_MEMORY;
    control->wake = wake;
    pthread_mutex_init(&control->lock, NULL);
    pthread_cond_init(&control->changed, NULL);
    cli_control_address(address, data);
    control->data = data;
    TRY(net_server_open(&control->server, &(struct net_server_options){.address = address}));
    if (pthread_create(&control->thread, NULL, carry, control) != 0)
        return ERR_LIBRARY;
    control->has_thread = true;
    *out = TAKE(control);
    return ERR_OK;
}

/* With the lock held; the thread that asked sleeps meanwhile. */
static void run_one(struct serve_control *control, const struct cli_program *program, void *context)
{
    struct buffer reply = {.limit = NET_SIZE_MAX};
    const enum err error =
        cli_serve_control(program, context, control->data, &reply, control->request);
    if (error != ERR_OK) {
        log_line(LOG_LEVEL_WARN, "central.command_dropped error=%s", err_name(error));
        buffer_fini(&reply);
    }
    control->reply = reply;
    control->has_request = false;
    control->is_answered = true;
    pthread_cond_broadcast(&control->changed);
}

bool serve_control_waits(struct serve_control *control)
{
    pthread_mutex_lock(&control->lock);
    const bool waits = control->has_request;
    pthread_mutex_unlock(&control->lock);
    return waits;
}

void serve_control_run(struct serve_control *control, const struct cli_program *program,
                       void *context)
{
    pthread_mutex_lock(&control->lock);
    if (control->has_request)
        run_one(control, program, context);
    pthread_mutex_unlock(&control->lock);
}

void serve_control_stop(struct serve_control *control, const struct cli_program *program,
                        void *context)
{
    atomic_store(&control->is_stopping, true);
    net_server_wake(control->server);
    pthread_mutex_lock(&control->lock);
    while (!control->has_ended) {
        if (control->has_request)
            run_one(control, program, context);
        else
            pthread_cond_wait(&control->changed, &control->lock);
    }
    pthread_mutex_unlock(&control->lock);
    pthread_join(control->thread, NULL);
    control->has_thread = false;
}

void serve_control_close(struct serve_control **handle)
{
    struct serve_control *control = TAKE(*handle);
    if (control == NULL)
        return;
    CHECK(!control->has_thread); /* serve_control_stop comes first */
    net_server_close(&control->server);
    pthread_cond_destroy(&control->changed);
    pthread_mutex_destroy(&control->lock);
    free(control);
}
