/* What both ends of a link need: addresses, and messages coming and going (contract in lan.h). */
#include "wallet/carriers/lan.h"

#include "common/wire/message.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CHUNK_SIZE = 16 * 1024, PORT_DIGITS_MAX = 5 };

static const uint8_t magic[] = {'d', 'c', 'e', 'p'};

void lan_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- addresses ---- */

/* "HOST:PORT", the host in brackets if it has colons itself. */
static enum err cut_address(char host[LAN_ADDRESS_SIZE], const char **port, const char *address)
{
    const char *colon = strrchr(address, ':');
    if (colon == NULL || strlen(address) >= LAN_ADDRESS_SIZE)
        return ERR_PARSE;
    size_t size = (size_t)(colon - address);
    const bool brackets = size >= 2 && address[0] == '[' && colon[-1] == ']';
    if (brackets)
        size -= 2;
    memcpy(host, address + brackets, size);
    host[size] = '\0';
    *port = colon + 1;
    const size_t digits = strspn(*port, "0123456789");
    const bool good = digits >= 1 && digits <= PORT_DIGITS_MAX && (*port)[digits] == '\0';
    return good && size > 0 && (brackets || strchr(host, ':') == NULL) ? ERR_OK : ERR_PARSE;
}

enum err lan_resolve(struct addrinfo **out, const char *address, bool to_listen)
{
    char host[LAN_ADDRESS_SIZE];
    const char *port;
    TRY(cut_address(host, &port, address));
    const struct addrinfo hints = {.ai_socktype = SOCK_STREAM,
                                   .ai_flags = AI_NUMERICSERV | (to_listen ? AI_PASSIVE : 0)};
    const int answer = getaddrinfo(host, port, &hints, out);
    if (answer == 0)
        return ERR_OK;
    return answer == EAI_AGAIN || answer == EAI_FAIL ? ERR_UNREACHABLE : ERR_PARSE;
}

/* ---- messages ---- */

static bool is_later(int number)
{
    return number == EAGAIN || number == EWOULDBLOCK || number == EINTR;
}

static enum err read_head(struct lan_reader *reader, int fd)
{
    const ssize_t got = recv(fd, reader->head + reader->got, LAN_HEAD_SIZE - reader->got, 0);
    if (got == 0 || (got < 0 && !is_later(errno)))
        return ERR_UNREACHABLE;
    if (got < 0)
        return ERR_BUSY;
    reader->got += (size_t)got;
    const size_t known = reader->got < sizeof magic ? reader->got : sizeof magic;
    if (memcmp(reader->head, magic, known) != 0)
        return ERR_PARSE;
    if (reader->got < LAN_HEAD_SIZE)
        return ERR_OK;
    for (size_t i = sizeof magic; i < LAN_HEAD_SIZE; i++)
        reader->size = reader->size << 8 | reader->head[i];
    return reader->size > FILE_SIZE_MAX ? ERR_LIMIT : ERR_OK;
}

static enum err read_bytes(struct lan_reader *reader, int fd)
{
    uint8_t chunk[CHUNK_SIZE];
    const size_t left = reader->size - reader->bytes.size;
    const ssize_t got = recv(fd, chunk, left < sizeof chunk ? left : sizeof chunk, 0);
    if (got == 0 || (got < 0 && !is_later(errno)))
        return ERR_UNREACHABLE;
    return got < 0 ? ERR_BUSY : buffer_put(&reader->bytes, span_of(chunk, (size_t)got));
}

enum err lan_read(struct lan_reader *reader, bool *whole, int fd)
{
    for (;;) {
        *whole = reader->got == LAN_HEAD_SIZE && reader->bytes.size == reader->size;
        if (*whole)
            return ERR_OK;
        const enum err error =
            reader->got < LAN_HEAD_SIZE ? read_head(reader, fd) : read_bytes(reader, fd);
        if (error == ERR_BUSY)
            return ERR_OK;
        TRY(error);
    }
}

void lan_reader_fini(struct lan_reader *reader)
{
    buffer_fini(&reader->bytes);
    *reader = (struct lan_reader){0};
}

enum err lan_writer_set(struct lan_writer *writer, struct span message)
{
    uint8_t head[LAN_HEAD_SIZE];
    memcpy(head, magic, sizeof magic);
    for (size_t i = 0; i < LAN_HEAD_SIZE - sizeof magic; i++)
        head[LAN_HEAD_SIZE - 1 - i] = (uint8_t)(message.size >> (8 * i));
    buffer_fini(&writer->bytes);
    writer->sent = 0;
    TRY(buffer_put(&writer->bytes, span_of(head, sizeof head)));
    return buffer_put(&writer->bytes, message);
}

enum err lan_write(struct lan_writer *writer, bool *whole, int fd)
{
    while (writer->sent < writer->bytes.size) {
        const ssize_t put = send(fd, writer->bytes.data + writer->sent,
                                 writer->bytes.size - writer->sent, MSG_NOSIGNAL);
        if (put < 0 && is_later(errno))
            break;
        if (put < 0)
            return ERR_UNREACHABLE;
        writer->sent += (size_t)put;
    }
    *whole = writer->sent == writer->bytes.size;
    return ERR_OK;
}
