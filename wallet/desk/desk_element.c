/* The secure element of an opened wallet: asked when the first key is needed, not before.
 *
 * 1. Its counter is looked at before any of its keys signs: an older copy of the database signs
 *    nothing.
 * 2. Its keys want a secret that is derived from the wallet's master key: without the PIN, or an
 *    unlocked wallet, the element signs nothing (wallet/keys/pin.h counts the wrong ones). */
#include "wallet/desk/desk.h"

/* What opens its keys hangs on the master key, so on the PIN, and a PIN changes without it. */
static enum err give_pin(void *context, struct span *out, bool is_needed)
{
    struct desk *desk = context;
    *out = is_needed ? SPAN(desk->key_of_element) : span_of("", 0);
    return ERR_OK;
}

static enum err reach(struct desk *desk, const struct holder **out)
{
    const struct wallet_state *state = &desk->wallet.state;
    const struct holder_tpm_options options = {
        .where = cli_setting(desk->cli, "tcti"),
        .index = state->element_index,
        .attestor = state->has_element_attestor ? state->element_attestor : span_of(NULL, 0),
        .context = desk,
        .pin = give_pin,
    };
    const enum err error =
        desk->element == NULL ? holder_tpm_open(&desk->element, &options) : ERR_OK;
    if (error != ERR_OK)
        desk->exit_code = cli_fail(
            desk->cli, CLI_UNREACHABLE, "ELEMENT",
            _("the setting tcti in wallet.ini, or DCEP_TCTI, says where it is"),
            _("the secure element %s cannot be used: %s"), options.where, _(err_text(error)));
    if (error == ERR_OK)
        *out = holder_tpm_holder(desk->element);
    return error;
}

static enum err make_key(void *context, struct key_pair *out, struct span *kept,
                         struct arena *arena)
{
    const struct holder *holder = NULL;
    TRY(reach(context, &holder));
    return holder->make_key(holder->context, out, kept, arena);
}

static enum err follow(void *context, uint64_t count)
{
    const struct holder *holder = NULL;
    TRY(reach(context, &holder));
    return holder->follow(holder->context, count);
}

static enum err open_key(void *context, struct key_pair *out, struct span kept)
{
    struct desk *desk = context;
    const struct holder *holder = NULL;
    const bool is_first = desk->element == NULL;
    TRY(reach(desk, &holder));
    if (is_first && desk->wallet.state.element_count > 0) /* 0: init is under way */
        TRY(holder->follow(holder->context, desk->wallet.state.element_count));
    const enum err error = holder->open_key(holder->context, out, kept);
    if (error == ERR_BUSY)
        desk->exit_code = cli_fail(desk->cli, CLI_AUTH, "LOCKED_OUT",
                                   _("it opens again by itself after a while; nothing is lost"),
                                   _("the secure element was locked by too many wrong PINs"));
    return error;
}

static enum err begin(void *context, uint64_t *count)
{
    const struct holder *holder = NULL;
    TRY(reach(context, &holder));
    return holder->begin(holder->context, count);
}

static enum err attest(void *context, struct span *statement, const struct public_key *key,
                       const struct id *qualifier, struct arena *arena)
{
    const struct holder *holder = NULL;
    TRY(reach(context, &holder));
    return holder->attest(holder->context, statement, key, qualifier, arena);
}

void desk_take_element(struct desk *desk)
{
    desk->holder = (struct holder){.kind = HOLDER_ELEMENT,
                                   .context = desk,
                                   .make_key = make_key,
                                   .open_key = open_key,
                                   .follow = follow,
                                   .begin = begin,
                                   .attest = attest};
    desk->wallet.element = &desk->holder;
}

int desk_new_element(struct desk *desk)
{
    const struct holder *holder = NULL;
    desk_take_element(desk);
    if (reach(desk, &holder) != ERR_OK)
        return desk->exit_code;
    desk->holder.index = holder->index;
    desk->holder.attestor = holder->attestor;
    return CLI_OK;
}
