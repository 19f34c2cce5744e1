"""What is cut: one row a step of the wallet. To add a command, add a row to SCENES: `ready` brings
three wallets to the moment before it and says which command runs; `after` goes on as a person
would, until all is done, and says what is wrong. The auditor checks the money by itself.

    Scene(name, ready, after, online)      online: money moves between account and wallet

A row's functions get the Trio (below). `ready` gives a Job; whatever `after` needs is kept in it.
"""
import scenes_codes as codes
import scenes_link as link
import scenes_news as news
import scenes_wallet as own
from audit import PLAN_RESERVED, PLAN_SIGNING
from handing import finish_handover, receive_twice
from town import INVALID, OK, yuan
from trio import CALLS_MAX, HANDOVERS_MAX, SEARCHES_MAX, Job, Wrong, read, same, there


def ready_request(trio):
    out = trio.file("request")
    return Job(trio.payee, "request", yuan(trio.amount()), "-o", out, out=out)


def after_request(trio, job, wrong):
    """A request that came out can be paid; if none did, a new one is made."""
    request = job.out if there(job.out) else trio.ask(trio.payee, trio.amount())
    finish_handover(trio, wrong, job, request, trio.payer, trio.payee)


def ready_pay(trio):
    request, out = trio.ask(trio.payee, trio.amount()), trio.file("packet")
    return Job(trio.payer, "pay", request, "-o", out, out=out, request=request, payer=trio.payer,
               payee=trio.payee)


def ready_pay_many(trio):
    """The payee pays back nearly all it received: several coins, one of them changed."""
    for _ in range(2):
        trio.hand_over(trio.payer, trio.third, trio.rng.randrange(2_00, 5_00))
    request = trio.ask(trio.payer, trio.spendable(trio.third) - 1)
    out = trio.file("packet")
    return Job(trio.third, "pay", request, "-o", out, out=out, request=request, payer=trio.third,
               payee=trio.payer)


def after_pay(trio, job, wrong):
    """By chance: at once again; after a look at the outbox, which shows the same bytes; or never,
    and both sync: then it settled to the payee, or nothing was paid."""
    way = trio.rng.choice(["again", "outbox", "never"])
    if way == "outbox":
        plan = trio.ids[job.request]
        states = {row["id"]: row["state"] for row in trio.must(job.payer, "outbox")["payments"]}
        if states.get(plan) in ("signed", "handed over"):
            out = trio.file("again")
            trio.must(job.payer, "outbox", plan[:16], "-o", out)
            same(wrong, "the packet in the outbox", job.out, read(out))
    if way == "never":
        trio.must(job.payer, "sync")
        trio.must(job.payee, "sync")
        first = trio.file("packet")
        trio.must(job.payer, "pay", job.request, "-o", first)
        same(wrong, "the packet that was cut", job.out, read(first))
        trio.auditor.saw_packet(wrong, read(first))
        receipt = receive_twice(trio, wrong, job.payee, first)  # settled before, or taken now
        trio.must(job.payer, "receive", receipt)
        trio.must(job.payee, "sync")
        return
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


def ready_receive(trio):
    request = trio.ask(trio.payee, trio.amount())
    packet, out = trio.pay(trio.payer, request), trio.file("receipt")
    return Job(trio.payee, "receive", packet, "-o", out, out=out, request=request, packet=packet,
               payer=trio.payer, payee=trio.payee)


def ready_receive_many(trio):
    job = ready_pay_many(trio)
    packet, out = trio.pay(job.payer, job.request), trio.file("receipt")
    return Job(job.payee, "receive", packet, "-o", out, out=out, request=job.request,
               packet=packet, payer=job.payer, payee=job.payee)


def after_receive(trio, job, wrong):
    """The payer shows the packet again: taken once, and one receipt for ever."""
    receipt = receive_twice(trio, wrong, job.payee, job.packet)
    same(wrong, "the receipt that was cut", job.out, read(receipt))
    trio.must(job.payer, "receive", receipt)


def ready_quarantine(trio):
    """A second payment of a request that is paid: genuine, mine, and nothing to count on."""
    if trio.spendable(trio.third) < 10_00:
        trio.withdraw(trio.third, 20_00)
    request = trio.ask(trio.payee, trio.amount())
    late = trio.pay(trio.third, request)
    trio.must(trio.payee, "receive", trio.pay(trio.payer, request))
    return Job(trio.payee, "receive", late, packet=late)


def after_quarantine(trio, job, wrong):
    for _ in range(2):
        trio.must(trio.payee, "receive", job.packet, code=INVALID)


def ready_confirm(trio):
    _, _, receipt = trio.hand_over(trio.payer, trio.payee, trio.amount())
    return Job(trio.payer, "receive", receipt, receipt=receipt)


def after_confirm(trio, job, wrong):
    for _ in range(2):
        confirmed = trio.must(trio.payer, "receive", job.receipt)["id"]
    out = trio.file("receipt")
    trio.must(trio.payer, "receipt", confirmed[:16], "-o", out)
    trio.must(trio.third, "receipt", "verify", out)


def ready_receipt(trio):
    _, _, receipt = trio.hand_over(trio.payer, trio.payee, trio.amount())
    confirmed, out = trio.must(trio.payer, "receive", receipt)["id"], trio.file("receipt")
    return Job(trio.payer, "receipt", confirmed[:16], "-o", out, out=out, confirmed=confirmed)


def after_receipt(trio, job, wrong):
    out = trio.file("receipt")
    trio.must(trio.payer, "receipt", job.confirmed[:16], "-o", out)
    same(wrong, "the receipt that was cut", job.out, read(out))
    trio.must(trio.third, "receipt", "verify", out)


def ready_outbox(trio):
    request, out = trio.ask(trio.payee, trio.amount()), trio.file("packet")
    packet, plan = trio.pay(trio.payer, request), trio.ids[request]
    return Job(trio.payer, "outbox", plan[:16], "-o", out, out=out, packet=packet, request=request,
               payer=trio.payer, payee=trio.payee)


def after_outbox(trio, job, wrong):
    same(wrong, "the packet shown again", job.out, read(job.packet))
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


def stop_paying(trio, wanted):
    """A payment that a crash left in that state, and the request it answers. Where pay has to die
    for it is looked for by halves, and known the next time; a pay of more coins makes more calls,
    so the search may have to begin anew."""
    for _ in range(SEARCHES_MAX):
        low, high = 1, CALLS_MAX
        call = trio.town.stops.get(wanted, (low + high) // 2)
        while low <= high:
            request = trio.ask(trio.payee, 1)
            trio.town.cut(Job(trio.payer, "pay", request, "-o", trio.file("packet")), call, "kill")
            state = trio.auditor.plan_state(trio.homes[0], trio.ids[request]) or 0
            if state == wanted:
                trio.town.stops[wanted] = call
                return request, trio.ids[request]
            trio.must(trio.payee, "receive", trio.pay(trio.payer, request))
            low, high = (call + 1, high) if state < wanted else (low, call - 1)
            call = (low + high) // 2
        trio.town.stops.pop(wanted, None)
    raise Wrong(f"pay cannot be stopped in state {wanted}")


def ready_cancel(trio):
    request, plan = stop_paying(trio, PLAN_RESERVED)
    return Job(trio.payer, "cancel", plan[:16], request=request, payer=trio.payer,
               payee=trio.payee)


def after_cancel(trio, job, wrong):
    """Cancelled or not: the request can be paid, once."""
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


def ready_resume(trio):
    request, plan = stop_paying(trio, PLAN_SIGNING)
    # rows F4, F11: after the mark there is no way back
    if trio.run(trio.payer, "cancel", plan[:16]).code == OK:
        raise Wrong("a payment that may be signed was cancelled")
    return Job(trio.payer, "outbox", request=request, payer=trio.payer, payee=trio.payee)


def after_resume(trio, job, wrong):
    finish_handover(trio, wrong, job, job.request, job.payer, job.payee)


# ---- with the bank ----

def ready_withdraw(trio):
    amount = trio.rng.randrange(1_00, 30_00)
    return Job(trio.payer, "withdraw", yuan(amount), amount=amount)


def after_withdraw(trio, job, wrong):
    """The same amount asked again is the same withdrawal, if its answer is not known yet."""
    trio.must(trio.payer, "withdraw", yuan(job.amount))
    trio.must(trio.payer, "sync")


def ready_deposit(trio):
    if trio.handed:
        trio.sync()
    amount = min(trio.rng.randrange(1_00, 30_00), trio.spendable(trio.payer) // 2)
    return Job(trio.payer, "deposit", yuan(amount))


def after_deposit(trio, job, wrong):
    trio.must(trio.payer, "sync")
    trio.must(trio.payer, "sync")
    trio.must(trio.payer, "deposit", "0.50")


def ready_deposit_packet(trio):
    job = ready_quarantine(trio)
    trio.must(trio.payee, "receive", job.packet, code=INVALID)
    trio.handed = HANDOVERS_MAX
    return Job(trio.payee, "deposit", "--packet", job.packet, packet=job.packet)


def after_deposit_packet(trio, job, wrong):
    for _ in range(2):
        trio.must(trio.payee, "sync")


def ready_sync(trio):
    """Something in the outbox, something in the inbox, coins to exchange."""
    trio.hand_over(trio.payer, trio.payee, trio.amount())
    if trio.spendable(trio.payee) > 10:
        trio.hand_over(trio.payee, trio.payer, max(1, trio.spendable(trio.payee) // 3))
    return Job(trio.rng.choice([trio.payer, trio.payee]), "sync")


def after_sync(trio, job, wrong):
    for _ in range(2):
        trio.must(job.who, "sync")
    balance = trio.must(job.who, "balance")
    if (balance["handed_over"], balance["reserved"]) != ("0.00", "0.00"):
        wrong.append(f"something waits after a sync that was cut: {balance}")


class Scene:
    def __init__(self, name, ready, after, online=False):
        self.name, self.ready, self.after, self.online = name, ready, after, online


SCENES = [
    Scene("request", ready_request, after_request),
    Scene("pay", ready_pay, after_pay),
    Scene("pay, several coins", ready_pay_many, after_pay),
    Scene("receive a packet", ready_receive, after_receive),
    Scene("receive several coins", ready_receive_many, after_receive),
    Scene("receive what is no payment", ready_quarantine, after_quarantine),
    Scene("receive a receipt", ready_confirm, after_confirm),
    Scene("receipt", ready_receipt, after_receipt),
    Scene("outbox", ready_outbox, after_outbox),
    Scene("outbox after a crash", ready_resume, after_resume),
    Scene("cancel", ready_cancel, after_cancel),
    Scene("request --listen", link.ready_listen, link.after_listen),
    Scene("request --again --listen", link.ready_listen_again, link.after_listen),
    Scene("pay --to", link.ready_call, link.after_call),
    Scene("outbox --to", link.ready_call_again, link.after_call),
    Scene("request --qr", codes.ready_ask, codes.after_ask),
    Scene("pay --scan --qr", codes.ready_pay, codes.after_pay),
    Scene("outbox --qr", codes.ready_show, codes.after_show),
    Scene("receive --scan --qr", codes.ready_take, codes.after_take),
    Scene("receive --scan, a receipt", codes.ready_confirm, codes.after_confirm),
    Scene("news, pay", news.ready_pay, news.after_pay),
    Scene("news, receive a packet", news.ready_receive, news.after_receive),
    Scene("news, receive a receipt", news.ready_confirm, news.after_confirm),
    Scene("limits set", own.ready_limits, own.after_limits),
    Scene("lock", own.ready_lock, own.after_lock),
    Scene("unlock", own.ready_unlock, own.after_unlock),
    Scene("receive news", own.ready_news, own.after_news),
    Scene("pin change", own.ready_pin, own.after_pin),
    Scene("backup create", own.ready_backup, own.after_backup),
    Scene("backup restore", own.ready_restore, own.after_restore),
    Scene("withdraw", ready_withdraw, after_withdraw, online=True),
    Scene("deposit", ready_deposit, after_deposit, online=True),
    Scene("deposit a packet", ready_deposit_packet, after_deposit_packet, online=True),
    Scene("sync", ready_sync, after_sync, online=True),
    Scene("init", own.ready_init, own.after_init),
]
