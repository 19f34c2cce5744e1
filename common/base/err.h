/* Machinery errors: one list of name, class and text; every function that can fail returns one.
 *
 * Three kinds of wrong, three mechanisms (docs/adr/0002-errors.md):
 *   our bug            CHECK(...): aborts, in release too; never applied to bytes from outside
 *   machinery failed   enum err, must-use, passed on by TRY(...)
 *   the rules say no   enum status (common/wire/status.h), a value in the reply
 */
#ifndef DCEP_COMMON_BASE_ERR_H
#define DCEP_COMMON_BASE_ERR_H

enum err_class {
    ERR_CLASS_OK,
    ERR_CLASS_MALFORMED,   /* bytes from outside are not what they claim to be */
    ERR_CLASS_ABSENT,      /* looked for and not there, or already there */
    ERR_CLASS_BUSY,        /* try again later */
    ERR_CLASS_UNREACHABLE, /* the other side cannot be reached */
    ERR_CLASS_AUTH,        /* wrong passphrase, wrong identity */
    ERR_CLASS_BROKEN,      /* disk, memory, library */
};

/* name, class, English text */
#define ERR_LIST(E)                                                                                \
    E(OK, OK, "ok")                                                                                \
    E(PARSE, MALFORMED, "the bytes are not well formed")                                           \
    E(CANONICAL, MALFORMED, "the encoding is not canonical")                                       \
    E(LIMIT, MALFORMED, "a size or count is beyond its limit")                                     \
    E(RANGE, MALFORMED, "a number is out of range")                                                \
    E(VERSION, MALFORMED, "the version is unknown")                                                \
    E(NETWORK, MALFORMED, "it belongs to another network")                                         \
    E(KIND, MALFORMED, "it is a record of another kind")                                           \
    E(POINT, MALFORMED, "the public key is not a point of the curve")                              \
    E(SIGNATURE, MALFORMED, "the signature does not verify")                                       \
    E(SPACE, BROKEN, "the output does not fit its buffer")                                         \
    E(MISSING, ABSENT, "not found")                                                                \
    E(EXISTS, ABSENT, "it exists already")                                                         \
    E(BUSY, BUSY, "busy")                                                                          \
    E(LOCKED, BUSY, "another process holds it")                                                    \
    E(UNREACHABLE, UNREACHABLE, "cannot connect")                                                  \
    E(TIMEOUT, UNREACHABLE, "timed out")                                                           \
    E(PEER, UNREACHABLE, "the other side's TLS certificate or name was refused")                   \
    E(AUTH, AUTH, "wrong passphrase")                                                              \
    E(PERMISSION, AUTH, "permission denied, or a secret file is readable by others")               \
    E(COMMIT_UNKNOWN, BROKEN, "the result of the commit is unknown")                               \
    E(INTEGRITY, BROKEN, "the stored data contradicts itself")                                     \
    E(ROLLBACK, BROKEN, "an older copy of the data was put back")                                  \
    E(DISK_FULL, BROKEN, "the disk is full")                                                       \
    E(READ_ONLY, BROKEN, "the disk can only be read")                                              \
    E(IO, BROKEN, "input or output failed")                                                        \
    E(MEMORY, BROKEN, "out of memory")                                                             \
    E(CRYPTO, BROKEN, "a cryptographic library failed")                                            \
    E(LIBRARY, BROKEN, "a library failed")

enum err {
#define ERR_ENUM(name, klass, text) ERR_##name,
    ERR_LIST(ERR_ENUM)
#undef ERR_ENUM
        ERR_COUNT
};

#define MUST_USE __attribute__((warn_unused_result))

/* Both are total: any int gives a text; an unknown one gives "unknown error". */
const char *err_name(enum err error); /* "PARSE" */
const char *err_text(enum err error); /* English, no full stop; gettext key */
enum err_class err_class(enum err error);

/* TRY(expr): pass a failure on. _Generic keeps a library's int from being mistaken for ours
 * (gcc types an enum without negative values as unsigned int). */
#define TRY(expr)                                                                                  \
    do {                                                                                           \
        enum err try_error_ = ERR_AS_ERR(expr);                                                    \
        if (try_error_ != ERR_OK)                                                                  \
            return try_error_;                                                                     \
    } while (0)
#define ERR_AS_ERR(expr) _Generic((expr), enum err : (expr))

/* CHECK: our own bug. Prints file, line and condition (never data) to stderr and aborts. */
#define CHECK(condition) ((condition) ? (void)0 : err_check_failed(__FILE__, __LINE__, #condition))
_Noreturn void err_check_failed(const char *file, int line, const char *condition);

/* AUTO(x_fini): run x_fini(&variable) at the end of the scope; every _fini accepts a zeroed object.
 * TAKE(pointer): hand the pointer over, leaving NULL behind. */
#define AUTO(fini) __attribute__((cleanup(fini)))
#define TAKE(pointer)                                                                              \
    ({                                                                                             \
        __typeof__(pointer) take_ = (pointer);                                                     \
        (pointer) = NULL;                                                                          \
        take_;                                                                                     \
    })

#endif
