/* Payments into a running dcep-central, as banks hand them in: over TLS, in signed calls of up to
 * 256 packets or 64 KiB, many outstanding.
 *
 * usage: register_load [OPTION...] DIR ADMISSION [DIR ADMISSION]...
 *
 * Each DIR and ADMISSION is a bank (tests/acceptance/bank_tool.c); the crowd's numbers are those
 * that register_preload told. tools/bench/register.py runs it; load_options.c has the options.
 *
 * Everything is made and signed beforehand. With --rate the loop is open: payment i is due at i /
 * rate, a call leaves when its last payment is due, or gathers what is due as a dcep-bank does
 * (--gathers 1, load_line.h), and latency counts from when each payment was due, whatever kept the
 * call from leaving; a call that is answered "busy" is shed, counted and not repeated. Without it
 * the loop is closed: --outstanding calls at a time, shared out among the banks, as fast as they
 * are answered. A call that is answered "busy" is sent again later, its bank has no more under way
 * from then on than were taken (load_gate.h), and latency counts from the last sending. The first
 * --warm-up-payments are the warm-up, in full calls in a closed loop, with --rate too; then the
 * load goes on for --warm-up seconds before the clock starts. When nothing is left to send, the
 * load is over ("used_up" says so). The CPU time is the server's alone.
 *
 * With --told 1, the default, a call says what the signatures in it commit to, as wallets do that
 * verified what they were paid (PROTOCOL 8.3).
 *
 * With --door the calls are wallets', to a dcep-bank at that address, and --server is that bank:
 * the owner of a call's first coin hands in all of its packets. --behind is then the register's
 * process, --issuing-key its key file: a bank looks at a token's signature.
 *
 * Says "measured" when the load is over and the ceiling measured again; then reads the path of the
 * central bank's database from stdin, once its server has ended, and looks up every answer in it.
 */
#include "tools/bench/bench.h"
#include "tools/bench/histogram.h"
#include "tools/bench/load_audit.h"
#include "tools/bench/load_gate.h"
#include "tools/bench/load_line.h"
#include "tools/bench/load_options.h"
#include "tools/bench/load_server.h"

#include "central/keys.h"
#include "intermediary/lines.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum {
    BANKS_OF_LOAD_MAX = 16,
    CALLERS_MAX = 1024,
    SAMPLES_MAX = 4096,
    NS_PER_S = 1000000000,
    BUSY_PAUSE_MS = 5,      /* if the answer names no time */
    REFUSAL_SIZE_MAX = 160, /* a reply without results; one with any is larger */
    SAMPLE_EVERY_NS = 100000000,
    SAMPLES_A_SECOND = 10,
    WARM_EVERY_NS = 10000000,
};

/* ---- the load ---- */

struct load {
    struct crowd crowd;
    struct key_pair issuing_key;
    struct load_bank banks[BANKS_OF_LOAD_MAX];
    struct load_gate gates[BANKS_OF_LOAD_MAX]; /* of a closed loop */
    size_t bank_count;
    struct load_plan plan;
    struct load_line line;
    struct load_answer *answers;
    struct load_server server;
    struct load_server behind; /* with a door: the register behind the bank */
    struct load_sample samples[SAMPLES_MAX];
    size_t sample_count;
    uint64_t start_ns;
    _Atomic uint64_t warm_ns, end_ns; /* UINT64_MAX until the warm-up is over */
    double rate;
    bool is_used_up;                                          /* before the time was over */
    _Atomic uint64_t payments, busy, shed, failed, unflushed; /* shed: payments of no answer */
};
struct caller {
    pthread_t thread;
    struct load *load;
    size_t number;
    struct histogram latency; /* microseconds, from when a payment was due */
    struct histogram answer;  /* the same from the sending */
};

static struct load load;
static struct caller *callers;

/* A call that has its time, whatever became of others. */
static bool is_timed(size_t index)
{
    return load_line_is_timed(&load.line, index);
}

static void note_latency(struct caller *caller, size_t index, uint64_t sent_ns, uint64_t now_ns)
{
    const struct load_call *call = &load.plan.calls[index];
    for (size_t i = call->first; i < call->first + call->count; i++) {
        const uint64_t due = is_timed(index) ? load_line_due_ns(&load.line, i) : sent_ns;
        if (due < load.warm_ns || due >= load.end_ns)
            continue;
        histogram_add(&caller->latency, (now_ns - due) / 1000);
        histogram_add(&caller->answer, (now_ns - sent_ns) / 1000);
    }
}

/* Of an answer without results: how long to wait before it is sent again; 0: it is not. */
static uint64_t pause_ms(size_t index)
{
    const struct load_answer *answer = &load.answers[index];
    struct arena arena AUTO(arena_fini) = {0};
    struct settle_reply nothing;
    const bool is_busy = load_bank_read(&nothing, answer, &arena) == STATUS_BUSY;
    const uint64_t retry_ms = is_busy ? call_retry_ms(buffer_span(&answer->reply)) : 0;
    const uint64_t pause = retry_ms > 0 ? retry_ms : BUSY_PAUSE_MS;
    atomic_fetch_add(is_busy ? &load.busy : &load.failed, 1);
    if (is_busy && !is_timed(index) && load_now_ns() + pause * (NS_PER_S / 1000) < load.end_ns)
        return pause;
    if (is_busy)
        atomic_fetch_add(&load.shed, load.plan.calls[index].count * load.plan.options.line);
    return 0;
}

/* As above. */
static uint64_t note_answer(struct caller *caller, size_t index, uint64_t sent_ns)
{
    const struct load_call *call = &load.plan.calls[index];
    const struct load_answer *answer = &load.answers[index];
    const uint64_t now_ns = load_now_ns();
    if (answer->error != ERR_OK) {
        atomic_fetch_add(&load.failed, 1);
        return 0;
    }
    if (answer->reply.size <= REFUSAL_SIZE_MAX)
        return pause_ms(index);
    atomic_fetch_add(&load.payments, call->count * load.plan.options.line);
    if (!load_server_is_flushed(&load.server, sent_ns))
        atomic_fetch_add(&load.unflushed, 1);
    note_latency(caller, index, sent_ns, now_ns);
    return 0;
}

static void send_call(struct caller *caller, size_t index)
{
    const struct load_call *call = &load.plan.calls[index];
    const size_t number = caller->number % load.bank_count;
    const struct load_bank *bank = &load.banks[number];
    struct load_gate *gate = is_timed(index) ? NULL : &load.gates[number];
    struct blob_item packets[SETTLE_PACKETS_MAX];
    struct commitments_item commitments[SETTLE_PACKETS_MAX];
    const struct settle_body body = {
        .packets = {packets, call->count},
        .commitments = {commitments, load.plan.options.is_told ? call->count : 0}};
    for (size_t i = 0; i < call->count; i++) {
        packets[i].bytes = load_plan_packet(&load.plan, call->first + i);
        commitments[i].bytes = load_plan_commitments(&load.plan, call->first + i);
    }
    const struct key_pair *sender =
        load_text(LOAD_DOOR) == NULL
            ? &bank->bank_key
            : crowd_owner(&load.crowd, load.plan.packets[call->first].coin);
    uint64_t pause = 0;
    do {
        if (gate != NULL)
            load_gate_enter(gate);
        buffer_fini(&load.answers[index].reply);
        const uint64_t sent_ns = load_now_ns();
        load_bank_settle(&load.answers[index], bank,
                         caller->number / load.bank_count % bank->client_count, &body, sender);
        pause = note_answer(caller, index, sent_ns);
        if (gate != NULL)
            load_gate_leave(gate, pause);
    } while (pause > 0);
    load_line_done(&load.line);
}

static void *call_on(void *context)
{
    struct caller *caller = context;
    size_t index = 0;
    load_sleep_until(load.start_ns);
    while (load_line_take(&load.line, &index))
        send_call(caller, index);
    return NULL;
}

/* ---- looking on ---- */

static void look(void)
{
    CHECK(load.sample_count < SAMPLES_MAX);
    struct load_sample *sample = &load.samples[load.sample_count++];
    load_server_look(&load.server, sample);
    sample->payments = atomic_load(&load.payments);
    sample->busy = atomic_load(&load.busy);
    if (load.behind.pid != NULL) {
        struct load_sample behind;
        load_server_look(&load.behind, &behind);
        sample->behind_cpu_s = behind.cpu_s;
    }
}

static void warm_up(void)
{
    uint64_t at = load.start_ns;
    while (!load_line_is_warm(&load.line))
        load_sleep_until(at += WARM_EVERY_NS);
    at = load_now_ns();
    load_line_start(&load.line, at);
    load_sleep_until(at += (uint64_t)(load_number(LOAD_WARM_UP) * NS_PER_S));
    atomic_store(&load.end_ns, at + (uint64_t)(load_number(LOAD_SECONDS) * NS_PER_S));
    atomic_store(&load.warm_ns, at);
    load_line_end(&load.line, load.end_ns);
}

/* The first sample is taken when the warm-up ends, the last when the load does or all is answered;
 * one a second between them. */
static void look_on(void)
{
    warm_up();
    look();
    uint64_t at = load.warm_ns;
    for (size_t i = 1; at < load.end_ns; i++) {
        at += SAMPLE_EVERY_NS;
        load_sleep_until(at);
        load.is_used_up = load_line_is_used_up(&load.line) && at < load.end_ns;
        if (load.is_used_up)
            break;
        if (i % SAMPLES_A_SECOND == 0 && at < load.end_ns)
            look();
    }
    look();
}

static void run(void)
{
    const size_t count = load_whole(LOAD_OUTSTANDING);
    CHECK(count > 0 && count <= CALLERS_MAX);
    for (size_t i = 0; i < load.bank_count; i++)
        load_gate_open(&load.gates[i], load.rate > 0
                                           ? LINES_COUNT
                                           : (count + load.bank_count - 1) / load.bank_count);
    callers = calloc(count, sizeof *callers);
    CHECK(callers != NULL);
    load.start_ns = load_now_ns() + NS_PER_S / 10;
    load.warm_ns = load.end_ns = UINT64_MAX;
    for (size_t i = 0; i < count; i++) {
        callers[i] = (struct caller){.load = &load, .number = i};
        CHECK(pthread_create(&callers[i].thread, NULL, call_on, &callers[i]) == 0);
    }
    look_on();
    for (size_t i = 0; i < count; i++) {
        pthread_join(callers[i].thread, NULL);
        if (i == 0)
            continue;
        histogram_merge(&callers[0].latency, &callers[i].latency);
        histogram_merge(&callers[0].answer, &callers[i].answer);
    }
}

/* ---- what came of it ---- */

static double rounded_ms(double share)
{
    return (double)histogram_at(&callers[0].latency, share) / 1000;
}

static double answer_ms(double share)
{
    return (double)histogram_at(&callers[0].answer, share) / 1000;
}

/* Draws whose first payment was sent, those of earlier runs included. */
static uint64_t drawn(void)
{
    const struct load_plan *plan = &load.plan;
    uint64_t count = plan->options.skip;
    for (size_t i = 0; i < load.line.next_packet; i++)
        count += plan->packets[i].variant == 0;
    return count;
}

static void write_series(FILE *file)
{
    fprintf(file, "  \"series\": [");
    for (size_t i = 0; i < load.sample_count; i++) {
        const struct load_sample *sample = &load.samples[i];
        fprintf(file,
                "%s\n    {\"at_s\": %.2f, \"payments\": %llu, \"cpu_s\": %.2f, "
                "\"rss_mib\": %.1f, \"anon_mib\": %.1f, \"fsyncs\": %llu}",
                i > 0 ? "," : "", sample->at_s - load.samples[0].at_s,
                (unsigned long long)(sample->payments - load.samples[0].payments),
                sample->cpu_s - load.samples[0].cpu_s, sample->rss_mib, sample->anon_mib,
                (unsigned long long)(sample->fsyncs - load.samples[0].fsyncs));
    }
    fprintf(file, "\n  ]\n");
}

static void write_counts(FILE *file, const struct load_audit *audit)
{
    const struct {
        const char *name;
        uint64_t count;
    } counts[] = {
        {"busy_answers", load.busy},
        {"shed_payments", load.shed},
        {"failed_calls", load.failed},
        {"unflushed_answers", load.unflushed},
        {"settled", audit->settled},
        {"conflicts", audit->conflicts},
        {"other_outcomes", audit->others},
        {"refused_packets", audit->refused},
        {"lost", audit->lost},
        {"unproved", audit->unproved},
        {"payments_in_all", load.payments},
        {"double_spends_made", load.plan.double_count},
        {"drawn", drawn()},
        {"used_up", load.is_used_up},
        {"cores", crowd_cores()},
        {"banks", load.bank_count},
        {"line", load.plan.options.line},
        {"wallets", load.crowd.wallet_count},
        {"latencies", callers[0].latency.count},
        {"timed_calls", load.rate > 0 ? load.line.done - load.plan.warm_call_count : 0},
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        fprintf(file, "  \"%s\": %llu,\n", counts[i].name, (unsigned long long)counts[i].count);
}

static void write_json(const struct load_audit *audit, const struct load_ceiling *ceiling,
                       double prepared_s)
{
    const struct load_sample *first = &load.samples[0];
    const struct load_sample *last = &load.samples[load.sample_count - 1];
    const double seconds = last->at_s - first->at_s, cpu_s = last->cpu_s - first->cpu_s;
    const double payments = (double)(last->payments - first->payments);
    const double log_fsyncs = (double)(last->log_fsyncs - first->log_fsyncs);
    FILE *file = bench_json_open(load_text(LOAD_JSON));
    const struct {
        const char *name;
        double value;
    } figures[] = {
        {"duration_s", seconds},
        {"payments", payments},
        {"settle_per_s", payments / seconds},
        {"server_cpu_s", cpu_s},
        {"cpu_us_per_payment", payments > 0 ? cpu_s * BENCH_US / payments : 0},
        {"behind_cpu_us_per_payment",
         payments > 0 ? (last->behind_cpu_s - first->behind_cpu_s) * BENCH_US / payments : 0},
        {"settle_per_cpu_s", cpu_s > 0 ? payments / cpu_s : 0},
        {"verify_ceiling_per_core", ceiling->same_key},
        {"verify_ceiling_told", ceiling->told},
        {"verify_ceiling_fresh_keys", ceiling->fresh_keys},
        {"verify_ceiling_busy", ceiling->busy},
        {"ratio_to_ceiling", cpu_s > 0 ? payments / cpu_s / ceiling->same_key : 0},
        {"ratio_to_told_ceiling", cpu_s > 0 ? payments / cpu_s / ceiling->told : 0},
        {"ratio_to_fresh_ceiling", cpu_s > 0 ? payments / cpu_s / ceiling->fresh_keys : 0},
        {"ratio_to_busy_ceiling", cpu_s > 0 ? payments / cpu_s / ceiling->busy : 0},
        {"p50_ms", rounded_ms(0.5)},
        {"p99_ms", rounded_ms(0.99)},
        {"p999_ms", rounded_ms(0.999)},
        {"max_ms", rounded_ms(1)},
        {"answer_p50_ms", answer_ms(0.5)},
        {"answer_p99_ms", answer_ms(0.99)},
        {"answer_p999_ms", answer_ms(0.999)},
        {"offered_per_s", load.rate > 0 ? load.rate : payments / seconds},
        {"fsyncs_per_s", (double)(last->fsyncs - first->fsyncs) / seconds},
        {"log_fsyncs_per_s", log_fsyncs / seconds},
        {"log_flush_ms",
         log_fsyncs > 0 ? (last->log_flushed_s - first->log_flushed_s) * 1000 / log_fsyncs : 0},
        {"stolen_share", (last->stolen_s - first->stolen_s) / seconds / (double)crowd_cores()},
        {"prepared_s", prepared_s},
    };
    fprintf(file, "{\n");
    for (size_t i = 0; i < sizeof figures / sizeof figures[0]; i++)
        fprintf(file, "  \"%s\": %.4f,\n", figures[i].name, figures[i].value);
    write_counts(file, audit);
    write_series(file);
    fprintf(file, "}\n");
    bench_json_close(file);
}

/* ---- */

static void open_load(int argc, char **argv, int first)
{
    const struct load_door door = {load_text(LOAD_DOOR), load_text(LOAD_DOOR_NAME),
                                   load_text(LOAD_DOOR_PIN)};
    for (int i = first; i + 1 < argc && load.bank_count < BANKS_OF_LOAD_MAX; i += 2) {
        struct load_bank *bank = &load.banks[load.bank_count++];
        if (door.address != NULL)
            load_bank_open_door(bank, &door, argv[i + 1], load_whole(LOAD_CLIENTS));
        else
            load_bank_open(bank, argv[i], argv[i + 1], load_whole(LOAD_CLIENTS));
    }
    CHECK(load.bank_count > 0);
    load.rate = load_number(LOAD_RATE);
    load.crowd = (struct crowd){.seed = load_whole(LOAD_SEED),
                                .wallet_count = load_whole(LOAD_WALLETS),
                                .first_serial = load_whole(LOAD_SERIAL),
                                .coin_count = load_whole(LOAD_COINS),
                                .issued_day = load_whole(LOAD_DAY),
                                .trust = &load.banks[0].trust};
    const struct load_plan_options options = {.payments = load_whole(LOAD_PAYMENTS),
                                              .line = load_whole(LOAD_LINE),
                                              .packets_max = load_whole(LOAD_PACKETS),
                                              .warm_payments = load_whole(LOAD_WARM_COUNT),
                                              .coin_from = load_whole(LOAD_FROM),
                                              .coin_to = load_whole(LOAD_TO),
                                              .skip = load_whole(LOAD_SKIP),
                                              .cheats = load_number(LOAD_CHEATS),
                                              .is_told = load_whole(LOAD_TOLD) != 0};
    if (load_text(LOAD_ISSUING) != NULL) {
        CHECK(keys_read(&load.issuing_key, load_text(LOAD_ISSUING), load.banks[0].network,
                        "issuing", (struct span){NULL, 0}) == ERR_OK);
        load.crowd.issuing_key = &load.issuing_key;
    }
    crowd_open(&load.crowd);
    load_plan_open(&load.plan, &load.crowd, &options);
    load_line_open(&load.line, &load.plan,
                   &(struct load_line_options){load.rate, load_whole(LOAD_GATHERS) != 0});
    CHECK(load.bank_count == 1 || !load.line.options.gathers);           /* one bank's calls */
    load.answers = calloc(load.plan.packet_count, sizeof *load.answers); /* calls are no more */
    CHECK(load.answers != NULL);
    load_server_open(&load.server, load_text(LOAD_SERVER), load_text(LOAD_FSYNC));
    load_server_open(&load.behind, load_text(LOAD_BEHIND), NULL);
}

static void close_load(void)
{
    for (size_t i = 0; i < load.plan.call_count; i++)
        buffer_fini(&load.answers[i].reply);
    for (size_t i = 0; i < load.bank_count; i++) {
        load_gate_fini(&load.gates[i]);
        load_bank_fini(&load.banks[i]);
    }
    free(load.answers);
    free(callers);
    load_line_fini(&load.line);
    load_plan_fini(&load.plan);
    crowd_fini(&load.crowd);
}

int main(int argc, char **argv)
{
    char database[4096] = {0};
    struct load_ceiling before, after;
    struct load_audit audit = {0};
    crypto_use(&crypto_libcrypto);
    const int first = load_options_read(argc, argv);
    const double start = bench_wall_s();
    open_load(argc, argv, first);
    const double prepared_s = bench_wall_s() - start;
    load_ceiling_measure(&before, load_number(LOAD_CEILING));
    run();
    load_ceiling_measure(&after, load_number(LOAD_CEILING));
    before.same_key = (before.same_key + after.same_key) / 2;
    before.fresh_keys = (before.fresh_keys + after.fresh_keys) / 2;
    before.told = (before.told + after.told) / 2;
    before.busy = (before.busy + after.busy) / 2;
    puts("measured");
    (void)fflush(stdout);
    if (fgets(database, sizeof database, stdin) != NULL) {
        database[strcspn(database, "\n")] = 0;
        load_audit_run(&audit, &load.plan, load.answers, &load.banks[0], database,
                       load_text(LOAD_DOOR) != NULL);
    }
    write_json(&audit, &before, prepared_s);
    close_load();
    return 0;
}
