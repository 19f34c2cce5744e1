/* Calls on lines of their own: each comes back once, with its own answer; who is told "busy" asks
 * again when there is likely to be room, and not before; nobody waits for a central bank that is
 * not there. */
#include "intermediary/lines.h"

#include "common/base/time.h"
#include "common/money/call.h"

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { MANY = 40, TIMEOUT_MS = 5000, SHORT_MS = 100, REST_MS = 50, REST_LONG_MS = 10 * 1000 };
enum { ROOM = 2 }; /* calls at a time that the crowded central bank takes */

/* What it does with a call is in the call's first byte. LATER: busy the first time. CROWDED: busy
 * if ROOM of them are with it already; else it is kept, and answered once no more come. */
enum { ECHO = 'e', BUSY = 'b', TIMELESS = 't', SILENT = 's', LATER = 'l', CROWDED = 'c' };

static char directory[] = "/tmp/dcep-lines-XXXXXX";
static char path[64], address[72];
static struct net_server *server;
static pthread_t thread;
static atomic_uint asked, told, refused;
static atomic_bool is_over;
static struct lines *lines;
static struct relay_call calls[MANY];

/* ---- a central bank ---- */

static struct net_request kept[ROOM];
static size_t kept_count;

static void say_busy(struct net_request *request, uint64_t retry_ms)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer busy AUTO(buffer_fini) = {0};
    const struct nonce call_id = {{1}};
    CHECK((retry_ms > 0
               ? call_seal_busy(&busy, &call_id, retry_ms, &arena)
               : call_seal_reply(&busy, &call_id, STATUS_BUSY, NULL, NULL, &arena)) == ERR_OK);
    net_server_reply(server, request, buffer_span(&busy));
    refused++;
}

static void say_it_back(struct net_request *request)
{
    net_server_reply(server, request, request->bytes);
}

static void answer(struct net_request *request)
{
    const uint8_t what = request->bytes.data[0];
    asked++;
    if (what == SILENT)
        net_server_drop(server, request);
    else if (what == BUSY)
        say_busy(request, REST_LONG_MS);
    else if (what == TIMELESS)
        say_busy(request, 0);
    else if (what == LATER && refused == 0)
        say_busy(request, REST_MS);
    else if (what == CROWDED && kept_count == ROOM)
        say_busy(request, TIMEOUT_MS / 4);
    else if (what == CROWDED)
        kept[kept_count++] = *request;
    else
        say_it_back(request);
}

static void answer_kept(void)
{
    for (; kept_count > 0; kept_count--)
        say_it_back(&kept[kept_count - 1]);
}

static void *serve(void *context)
{
    (void)context;
    while (!is_over) {
        struct net_request request;
        size_t count = 1;
        if (net_server_take(server, &request, &count, SHORT_MS) == ERR_OK && count == 1)
            answer(&request);
        else
            answer_kept();
    }
    return NULL;
}

static void open_server(void)
{
    cr_assert_not_null(mkdtemp(directory));
    (void)snprintf(path, sizeof path, "%s/socket", directory);
    (void)snprintf(address, sizeof address, "ipc:%s", path);
    cr_assert_eq(net_server_open(&server, &(struct net_server_options){.address = address}),
                 ERR_OK);
    cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
}

static void close_server(void)
{
    is_over = true;
    pthread_join(thread, NULL);
    net_server_close(&server);
    for (size_t i = 0; i < MANY; i++) {
        buffer_fini(&calls[i].request);
        buffer_fini(&calls[i].answer);
    }
    (void)unlink(path);
    (void)rmdir(directory);
}

TestSuite(lines, .init = open_server, .fini = close_server, .timeout = 60);

/* ---- the lines ---- */

static void note(void *context)
{
    (void)context;
    told++;
}

static void open_lines(const char *where, uint64_t timeout_ms)
{
    const struct lines_options options = {
        .client = {.address = where}, .timeout_ms = timeout_ms, .answered = note};
    cr_assert_eq(lines_open(&lines, &options), ERR_OK);
}

static void send_call(size_t index, char what)
{
    const uint8_t bytes[] = {(uint8_t)what, (uint8_t)index};
    cr_assert_eq(buffer_put(&calls[index].request, span_of(bytes, sizeof bytes)), ERR_OK);
    lines_send(lines, &calls[index]);
}

/* The next that was answered must be this one. */
static void expect_back(size_t index, enum err error)
{
    const struct relay_call *call = lines_take(lines, true);
    cr_assert_eq(call, &calls[index], "call %td came", call - calls);
    cr_expect_eq(call->error, error, "%s", err_name(call->error));
}

Test(lines, each_call_comes_back_once_with_its_answer)
{
    bool seen[MANY] = {false};
    open_lines(address, TIMEOUT_MS);
    for (size_t i = 0; i < MANY; i++)
        send_call(i, ECHO);
    for (size_t i = 0; i < MANY; i++) {
        const struct relay_call *call = lines_take(lines, true);
        const size_t index = (size_t)(call - calls);
        cr_assert(index < MANY && !seen[index]);
        seen[index] = true;
        cr_expect_eq(call->error, ERR_OK);
        cr_expect(span_equal(buffer_span(&call->answer), buffer_span(&call->request)));
    }
    cr_expect_null(lines_take(lines, false));
    lines_close(&lines);
    cr_expect_null(lines);
    cr_expect_eq(asked, MANY);
    cr_expect_eq(told, MANY, "whoever waits is told of each");
}

Test(lines, nobody_is_there)
{
    open_lines("ipc:/nonexistent/socket", TIMEOUT_MS);
    for (size_t i = 0; i < 3; i++) {
        send_call(i, ECHO);
        expect_back(i, ERR_UNREACHABLE);
        cr_expect_eq(calls[i].answer.size, 0);
    }
    lines_close(&lines);
}

/* The same bytes, and not before the time that was told. */
Test(lines, who_is_told_busy_asks_again)
{
    open_lines(address, TIMEOUT_MS);
    const uint64_t start_ms = time_monotonic_ms();
    send_call(0, LATER);
    expect_back(0, ERR_OK);
    cr_expect_geq(time_monotonic_ms(), start_ms + REST_MS);
    cr_expect(span_equal(buffer_span(&calls[0].answer), buffer_span(&calls[0].request)));
    lines_close(&lines);
    cr_expect_eq(asked, 2);
}

/* Refused once or twice while it learns; then no more are sent than it takes, and an answer is
 * room for the next, whatever time was told. */
Test(lines, no_more_at_a_time_than_are_taken)
{
    open_lines(address, TIMEOUT_MS);
    cr_expect_eq(lines_window(lines), LINES_COUNT);
    for (size_t i = 0; i < MANY; i++)
        send_call(i, CROWDED);
    for (size_t i = 0; i < MANY; i++)
        cr_expect_eq(lines_take(lines, true)->error, ERR_OK);
    lines_close(&lines);
    cr_expect_eq(asked, MANY + refused);
    cr_expect(refused >= 1 && refused <= LINES_COUNT, "refused %u", (unsigned)refused);
}

/* Longer than half of a time-out nobody waits for it. */
Test(lines, who_would_wait_too_long_is_told_so)
{
    open_lines(address, TIMEOUT_MS);
    send_call(0, BUSY);
    expect_back(0, ERR_OK);
    cr_expect_eq(call_retry_ms(buffer_span(&calls[0].answer)), REST_LONG_MS);
    cr_expect_eq(lines_window(lines), 1);
    for (size_t i = 1; i < 4; i++) {
        send_call(i, ECHO);
        expect_back(i, ERR_UNREACHABLE);
    }
    lines_close(&lines);
    cr_expect_eq(asked, 1);
}

/* A server that cannot tell when: that is no room either. */
Test(lines, busy_without_a_time_comes_back_at_once)
{
    open_lines(address, TIMEOUT_MS);
    send_call(0, TIMELESS);
    expect_back(0, ERR_OK);
    cr_expect_eq(call_retry_ms(buffer_span(&calls[0].answer)), 0);
    cr_expect_eq(lines_window(lines), 1);
    send_call(1, ECHO);
    expect_back(1, ERR_OK);
    lines_close(&lines);
    cr_expect_eq(asked, 2);
}

Test(lines, who_hears_nothing_rests_too)
{
    open_lines(address, SHORT_MS);
    send_call(0, SILENT);
    expect_back(0, ERR_TIMEOUT);
    send_call(1, ECHO);
    expect_back(1, ERR_UNREACHABLE);
    lines_close(&lines);
    cr_expect_eq(asked, 1);
}

/* What was accepted is sent before the lines are closed. */
Test(lines, closing_waits)
{
    open_lines(address, TIMEOUT_MS);
    for (size_t i = 0; i < MANY; i++)
        send_call(i, ECHO);
    lines_close(&lines);
    cr_expect_eq(asked, MANY);
    for (size_t i = 0; i < MANY; i++)
        cr_expect_eq(calls[i].answer.size, calls[i].request.size, "%zu", i);
}

Test(lines, an_address_that_is_none)
{
    const struct lines_options options = {.client = {.address = "nowhere"}, .answered = note};
    cr_expect_eq(lines_open(&lines, &options), ERR_PARSE);
    cr_expect_null(lines);
}
