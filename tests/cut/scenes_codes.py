"""Steps with QR codes: pictures that are written (--qr) and pictures that are read (--scan), of
which some are enough. Their rows are in SCENES (scenes.py).

A picture that is there is whole, and has the bytes that it has the next time; the other side is
shown whatever pictures a cut left."""
import glob

from handing import finish_handover, receive_twice
from town import INVALID, OK, yuan
from trio import Job, Wrong, read, same

SMALL = ("--density", "12")  # a request makes 3 codes, a packet 4 or more


def stem(path):
    return path.rsplit(".", 1)


def first_of(path):
    return "{}-1.{}".format(*stem(path))


def pictures(path):
    return sorted(glob.glob("{}-*.{}".format(*stem(path))))


def same_pictures(wrong, what, cut, whole):
    for picture in pictures(cut):
        same(wrong, what, picture, read(whole + picture[len(stem(cut)[0]):]))


def shown_again(trio, wrong, what, job, *words):
    """The same command into other pictures: what the cut left of them is the same."""
    whole, kind = stem(trio.file(stem(job.pictures)[1]))
    trio.must(job.who, *words, "--qr", f"{whole}.{kind}", *SMALL)
    same_pictures(wrong, what, job.pictures, whole)


def shown(trio, who, job, *words):
    """The other side looks at the pictures that are there. None: they are too few, or none."""
    found = pictures(job.pictures)
    trio.rng.shuffle(found)
    if not found:
        return None
    result = trio.run(who, words[0], "--scan", *found, *words[1:])
    if result.code == OK:
        return result
    if (result.code, result["error.name"]) != (INVALID, "INCOMPLETE"):
        raise Wrong(f"pictures that a cut left: {result}")
    return None


# ---- pictures that are written ----

def ready_ask(trio):
    out = trio.file("png")
    return Job(trio.payee, "request", yuan(trio.amount()), "--qr", out, *SMALL, pictures=out,
               out=first_of(out), payer=trio.payer, payee=trio.payee)


def after_ask(trio, job, wrong):
    """Enough of them can be paid; if they are not, a new request is made, as a file."""
    packet = trio.file("packet")
    paid = shown(trio, job.payer, job, "pay", "-o", packet)
    if paid is None:
        request = trio.ask(job.payee, trio.amount())
        finish_handover(trio, wrong, job, request, job.payer, job.payee)
        return
    trio.handed += 1
    shown_again(trio, wrong, "the request's pictures", job, "request", "--again", paid["id"][:16])
    trio.auditor.saw_packet(wrong, read(packet))
    trio.must(job.payer, "receive", receive_twice(trio, wrong, job.payee, packet))


def ready_pay(trio):
    """From pictures into pictures."""
    asked, request, out = trio.file("png"), trio.file("request"), trio.file("png")
    made = trio.must(trio.payee, "request", yuan(trio.amount()), "--qr", asked, *SMALL, "-o",
                     request)
    trio.ids[request] = made["id"]
    return Job(trio.payer, "pay", "--scan", *pictures(asked), "--qr", out, *SMALL, pictures=out,
               out=first_of(out), request=request, payer=trio.payer, payee=trio.payee)


def after_pay(trio, job, wrong):
    """The payee takes what it is shown; then the payer pays again, into a file and into pictures:
    the same packet, and the same receipt."""
    receipt = trio.file("receipt")
    taken = shown(trio, job.payee, job, "receive", "-o", receipt)
    packet, again = finish_handover(trio, wrong, job, job.request, job.payer, job.payee)
    if taken is not None:
        same(wrong, "the receipt of the pictures", receipt, read(again))
    shown_again(trio, wrong, "the packet's pictures", job, "pay", job.request)
    trio.auditor.saw_packet(wrong, read(packet))


def ready_show(trio):
    """From the outbox, as drawings."""
    request, out = trio.ask(trio.payee, trio.amount()), trio.file("svg")
    packet, plan = trio.pay(trio.payer, request), trio.ids[request][:16]
    return Job(trio.payer, "outbox", plan, "--qr", out, *SMALL, pictures=out, out=first_of(out),
               packet=packet, plan=plan, request=request, payer=trio.payer, payee=trio.payee)


def after_show(trio, job, wrong):
    shown_again(trio, wrong, "the packet's drawings", job, "outbox", job.plan)
    packet, _ = finish_handover(trio, wrong, job, job.request, job.payer, job.payee)
    same(wrong, "the packet shown again", packet, read(job.packet))


# ---- pictures that are read ----

def ready_take(trio):
    request, packet, shown_as = trio.ask(trio.payee, trio.amount()), trio.file("packet"), \
        trio.file("png")
    trio.must(trio.payer, "pay", request, "-o", packet, "--qr", shown_as, *SMALL)
    trio.handed += 1
    out = trio.file("png")
    return Job(trio.payee, "receive", "--scan", *pictures(shown_as), "--qr", out, *SMALL,
               pictures=out, out=first_of(out), packet=packet, payer=trio.payer, payee=trio.payee)


def after_take(trio, job, wrong):
    """The payer looks at what it is shown, and has the receipt as a file as well."""
    shown(trio, job.payer, job, "receive")
    receipt = receive_twice(trio, wrong, job.payee, job.packet)
    trio.must(job.payer, "receive", receipt)
    shown_again(trio, wrong, "the receipt's pictures", job, "receive", job.packet)


def ready_confirm(trio):
    request, shown_as = trio.ask(trio.payee, trio.amount()), trio.file("png")
    packet, plan = trio.pay(trio.payer, request), trio.ids[request]
    trio.must(trio.payee, "receive", packet, "--qr", shown_as, *SMALL)
    return Job(trio.payer, "receive", "--scan", *pictures(shown_as), plan=plan)


def after_confirm(trio, job, wrong):
    for _ in range(2):
        confirmed = trio.must(trio.payer, *job.words)
        if confirmed["id"] != job.plan:
            wrong.append(f"the receipt of another payment: {confirmed}")
    out = trio.file("receipt")
    trio.must(trio.payer, "receipt", job.plan[:16], "-o", out)
    trio.must(trio.third, "receipt", "verify", out)
