/* I4: a call that was answered is made again, under a new id: the same answer, and nothing
 * changes; but for lines that are in the archive meanwhile. */
#include "central/tables.h"
#include "tests/simulation/auditor_book.h"
#include "tests/simulation/centre.h"

#include <string.h>

enum { REPLAY_PERMILLE = 250 }; /* a replay costs as much as an act */

struct trace {
    uint64_t next_serial, next_number, revocations_version;
    int64_t unspent, loss;
};

static struct trace trace_of(struct auditor *auditor)
{
    struct arena arena AUTO(arena_fini) = {0};
    const struct list rows = auditor_book_rows(auditor, centre_store(auditor->sim->centre),
                                               &tables_table_books, -1, NULL, &arena);
    const struct books *books = rows.items;
    return (struct trace){books->next_serial, books->next_number, books->revocations_version,
                          sim_amount(books->unspent), balance_fen(books->loss)};
}

union body {
    struct settle_body settle;
    struct order_body order;
};
union answer {
    struct settle_reply settle;
    struct order_reply order;
};

static bool ask(struct auditor *auditor, union answer *out, const struct auditor_call *call,
                struct arena *arena)
{
    struct buffer request AUTO(buffer_fini) = {0};
    struct buffer reply AUTO(buffer_fini) = {.limit = 4 * 1024 * 1024};
    struct sim *sim = auditor->sim;
    const struct message_verb *verb = message_verb(call->verb);
    union body body;
    struct nonce call_id;
    struct span kept = {0};
    enum status status = STATUS_FAILED;
    memset(&body, 0, sizeof body);
    chance_bytes(&sim->chance, call_id.bytes, sizeof call_id.bytes);
    sim_check(sim, wire_decode(verb->body, &body, call->body, arena), "a call again");
    sim_check(sim,
              call_seal(&request, sim->world.network, call->verb, &body, &call_id, sim->now,
                        &sim->world.banks[call->bank].bank_key, arena),
              "a call again");
    if (centre_handle(sim->centre, &reply, buffer_span(&request)) != ERR_OK)
        return false;
    sim_check(sim, arena_copy(arena, &kept, buffer_span(&reply)), "a call again");
    sim_check(sim, call_read_reply(&status, out, call->verb, &call_id, kept, arena),
              "a call again");
    if (status == STATUS_ARCHIVED && auditor->gone.count > 0) /* a token that it made */
        return false;
    if (status != STATUS_OK && status != STATUS_FAILED)
        sim_fail(sim, "I4", "the same %s again: %s", verb->name, status_name(status));
    return status == STATUS_OK;
}

void auditor_replay_check(struct auditor *auditor)
{
    struct arena arena AUTO(arena_fini) = {0};
    struct buffer bytes AUTO(buffer_fini) = {.limit = 4 * 1024 * 1024};
    struct sim *sim = auditor->sim;
    union answer answer;
    const size_t count = auditor->call_count < AUDITOR_CALLS ? auditor->call_count : AUDITOR_CALLS;
    if (count == 0 || !chance_permille(&sim->chance, REPLAY_PERMILLE))
        return;
    memset(&answer, 0, sizeof answer);
    const struct auditor_call call = auditor->calls[chance_below(&sim->chance, count)];
    const struct trace before = trace_of(auditor);
    if (!ask(auditor, &answer, &call, &arena))
        return;
    const struct trace after = trace_of(auditor);
    if (memcmp(&before, &after, sizeof before) != 0)
        sim_fail(sim, "I4", "a repeated %s changed something", message_verb(call.verb)->name);
    if (call.verb == VERB_SETTLE && auditor_archive_is_in(&answer.settle))
        return; /* judged as it was heard; the same again when it is back */
    if (call.verb == VERB_SETTLE)
        answer.settle.has_settled = false;
    else
        answer.order.has_settled = false;
    sim_check(sim, wire_encode(&bytes, message_verb(call.verb)->reply, &answer), "a reply");
    if (!span_equal(buffer_span(&bytes), call.reply))
        sim_fail(sim, "I4", "another answer to the same %s", message_verb(call.verb)->name);
    sim_count(sim, SIM_REPLAYS);
}
