"""Steps over a link: one wallet waits (request --listen), the other calls (pay --to), both real.
One is cut, the other lives on as its person would let it. Their rows are in SCENES (scenes.py).

What is on the link goes through a tap (link.py): the same packet and the same receipt in every
call, and by file too."""
from handing import finish_handover
from town import OK, yuan
from trio import Job, Wrong, read, same

ANY, CALLS_MAX = "127.0.0.1:0", 3
SHORTLY, LONG = ("--timeout", "8"), ("--timeout", "40")


# ---- what both do ----

def call(trio, job, *words):
    return trio.run(job.payer, *words, "--to", job.talk.address, *SHORTLY)


def call_until_done(trio, job, waiting, *words):
    """Whoever got no receipt calls again, as long as somebody is there."""
    for _ in range(CALLS_MAX):
        if call(trio, job, *words).code == OK or waiting.is_over():
            return


def wait(trio, job, *words):
    """The payee waits; its process."""
    waiting = trio.waiting(job.payee, "request", *words, "--listen", ANY, *LONG)
    job.talk.target = waiting.where()
    if job.talk.target is None:
        raise Wrong(str(waiting.end()))
    return waiting


def ended(waiting):
    result = waiting.end()
    if result.code != OK:
        raise Wrong(f"the payee that waited: {result}")


def meet(trio, job):
    """Both once more over the link: the same request, the same packet, the same receipt."""
    waiting = wait(trio, job, "--again", job.code)
    result = call(trio, job, "pay")
    if result.code != OK:
        raise Wrong(str(result))
    ended(waiting)


def meet_by_file(trio, wrong, job):
    """The same request, packet and receipt as files."""
    request = trio.file("request")
    trio.must(job.payee, "request", "--again", job.code, "-o", request)
    same(wrong, "the request", request, job.talk.whole("request") or read(request))
    return finish_handover(trio, wrong, job, request, job.payer, job.payee)


def go_on(trio, wrong, job):
    """By link or by file; or both sync first, and nothing was paid, or it settled to the payee."""
    way = trio.rng.choice(["link", "file", "never"])
    if way == "never":
        trio.must(job.payer, "sync")
        trio.must(job.payee, "sync")
    if way == "link":
        meet(trio, job)
    packet, receipt = meet_by_file(trio, wrong, job)
    job.talk.judge(wrong, trio.auditor, read(packet), read(receipt))


# ---- the payee is cut ----

def ready_listen(trio):
    job = Job(trio.payee, "request", yuan(trio.amount()), "--listen", ANY, *SHORTLY, code=None,
              talk=trio.tap().begin(), payer=trio.payer, payee=trio.payee)
    trio.handed += 1

    def meanwhile(waiting):
        job.talk.target = waiting.where()
        if job.talk.target is not None:
            job.more["code"] = waiting.code
            call_until_done(trio, job, waiting, "pay")
    job.meanwhile = meanwhile
    return job


def after_listen(trio, job, wrong):
    """It waits again for what it asked for. If it died before it said so, nobody can have paid."""
    if job.code is not None:
        go_on(trio, wrong, job)
        return
    finish_handover(trio, wrong, job, trio.ask(job.payee, trio.amount()), job.payer, job.payee)
    job.talk.judge(wrong, trio.auditor)


def ready_listen_again(trio):
    """It waits for a packet that is signed already."""
    request = trio.ask(trio.payee, trio.amount())
    trio.pay(trio.payer, request)
    code = trio.ids[request][:16]
    job = Job(trio.payee, "request", "--again", code, "--listen", ANY, *SHORTLY, code=code,
              talk=trio.tap().begin(), payer=trio.payer, payee=trio.payee)

    def meanwhile(waiting):
        job.talk.target = waiting.where()
        if job.talk.target is not None:
            call_until_done(trio, job, waiting, "outbox", code)
    job.meanwhile = meanwhile
    return job


# ---- the payer is cut ----

def ready_call(trio):
    job = Job(trio.payer, "pay", "--to", trio.tap().address, *SHORTLY, talk=trio.tap().begin(),
              payer=trio.payer, payee=trio.payee)
    job.more["waiting"] = wait(trio, job, yuan(trio.amount()))
    job.more["code"] = job.waiting.code
    trio.handed += 1
    return job


def after_call(trio, job, wrong):
    """It calls again, while the payee still waits, or lingers, or is gone; or the payee's wallet
    dies as well, and they go on another day."""
    if trio.rng.randrange(3) == 0:
        job.waiting.kill()
    else:
        words = trio.rng.choice([("pay",), ("outbox", job.code)])
        if call(trio, job, *words).code != OK and not job.waiting.is_over():
            call(trio, job, "pay")  # what the cut left may be unsigned: then outbox has nothing
        ended(job.waiting)
    go_on(trio, wrong, job)


def ready_call_again(trio):
    """What is signed is given once more."""
    request = trio.ask(trio.payee, trio.amount())
    trio.pay(trio.payer, request)
    code = trio.ids[request][:16]
    job = Job(trio.payer, "outbox", code, "--to", trio.tap().address, *SHORTLY, code=code,
              talk=trio.tap().begin(), payer=trio.payer, payee=trio.payee)
    job.more["waiting"] = wait(trio, job, "--again", code)
    return job
