#include "passwords/password.h"

#include <md5.h>
#include <pthread.h>
#include <sha1.h>
#include <sodium.h>
#include <string.h>
#include <strings.h>

enum {
    LEAST_MEMORY_KIB = 8,
    MOST_MEMORY_KIB = 4194304,
    LEAST_SALT = 8,  /* octets: RFC 9106 */
    LEAST_HASH = 16, /* octets: what libsodium verifies */
    MD5_HEX = MD5_DIGEST_LENGTH * 2,
    SHA1_HEX = SHA1_DIGEST_LENGTH * 2,
    SHA256_HEX = crypto_hash_sha256_BYTES * 2
};

static const char WRAPPED_MD5[] = "md5";

struct phc {
    bool argon2id;
    uint32_t memory_kib;
    uint32_t passes;
    uint32_t lanes;
};

static pthread_once_t sodium_once = PTHREAD_ONCE_INIT;
static bool sodium_ready;

static void start_sodium(void)
{
    sodium_ready = sodium_init() >= 0;
}

bool password_hash(const char *password, size_t length, struct password_cost cost,
                   char stored[PASSWORD_STORED_SIZE])
{
    (void)pthread_once(&sodium_once, start_sodium);
    _Static_assert(crypto_pwhash_STRBYTES + sizeof WRAPPED_MD5 <= PASSWORD_STORED_SIZE,
                   "a wrapped hash fits");
    if (!sodium_ready || cost.memory_kib < LEAST_MEMORY_KIB || cost.memory_kib > MOST_MEMORY_KIB ||
        cost.passes < 1)
        return false;
    return crypto_pwhash_str_alg(stored, password, length, cost.passes,
                                 (size_t)cost.memory_kib * 1024, crypto_pwhash_ALG_ARGON2ID13) == 0;
}

static bool is_hex(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdefABCDEF") == length && text[length] == '\0';
}

static void change_case(char *hex, char first_letter)
{
    for (; *hex != '\0'; hex++)
        if ((*hex >= 'a' && *hex <= 'f') || (*hex >= 'A' && *hex <= 'F'))
            *hex = (char)(first_letter + ((*hex & 0x1f) - 1));
}

bool password_is_md5(const char *password)
{
    return strlen(password) == 32 && strspn(password, "0123456789ABCDEF") == 32;
}

bool password_wrap_md5(const char *digest, struct password_cost cost,
                       char stored[PASSWORD_STORED_SIZE])
{
    const size_t prefix = sizeof WRAPPED_MD5 - 1;
    char upper[MD5_HEX + 1];
    char phc[PASSWORD_STORED_SIZE];
    bool hashed;

    if (!is_hex(digest, MD5_HEX))
        return false;
    memcpy(upper, digest, sizeof upper);
    change_case(upper, 'A');
    hashed = password_hash(upper, MD5_HEX, cost, phc);
    sodium_memzero(upper, sizeof upper);
    if (!hashed)
        return false;
    memcpy(stored, WRAPPED_MD5, prefix);
    memcpy(stored + prefix, phc, strlen(phc) + 1);
    return true;
}

static void wire_sha256(const char *text, size_t length, char wire[PASSWORD_WIRE_SIZE])
{
    unsigned char digest[crypto_hash_sha256_BYTES];

    (void)crypto_hash_sha256(digest, (const unsigned char *)text, length);
    (void)sodium_bin2hex(wire, PASSWORD_WIRE_SIZE, digest, sizeof digest);
    sodium_memzero(digest, sizeof digest);
}

static void wire_sha1sha256(const char *password, size_t length, char wire[PASSWORD_WIRE_SIZE])
{
    SHA1_CTX context;
    unsigned char digest[SHA1_DIGEST_LENGTH];
    char hex[SHA1_HEX + 1];

    SHA1Init(&context);
    SHA1Update(&context, (const uint8_t *)password, length);
    SHA1Final(digest, &context);
    (void)sodium_bin2hex(hex, sizeof hex, digest, sizeof digest);
    wire_sha256(hex, SHA1_HEX, wire);
    sodium_memzero(&context, sizeof context);
    sodium_memzero(digest, sizeof digest);
    sodium_memzero(hex, sizeof hex);
}

static void wire_md5(const char *password, size_t length, char wire[PASSWORD_WIRE_SIZE])
{
    MD5_CTX context;
    unsigned char digest[MD5_DIGEST_LENGTH];

    MD5Init(&context);
    MD5Update(&context, (const uint8_t *)password, length);
    MD5Final(digest, &context);
    (void)sodium_bin2hex(wire, PASSWORD_WIRE_SIZE, digest, sizeof digest);
    change_case(wire, 'A');
    sodium_memzero(&context, sizeof context);
    sodium_memzero(digest, sizeof digest);
}

void password_wire(const char *password, size_t length, enum password_format format,
                   char wire[PASSWORD_WIRE_SIZE])
{
    switch (format) {
    case PASSWORD_SHA256:
        wire_sha256(password, length, wire);
        break;
    case PASSWORD_SHA1SHA256:
        wire_sha1sha256(password, length, wire);
        break;
    case PASSWORD_MD5:
        wire_md5(password, length, wire);
        break;
    }
}

bool password_format_named(const char *name, enum password_format *format)
{
    static const char *const names[] = {
        [PASSWORD_SHA256] = "sha256", [PASSWORD_SHA1SHA256] = "sha1sha256", [PASSWORD_MD5] = "md5"};

    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (strcmp(name, names[i]) == 0) {
            *format = (enum password_format)i;
            return true;
        }
    return false;
}

static bool read_text(const char **at, const char *wanted)
{
    size_t length = strlen(wanted);

    if (strncmp(*at, wanted, length) != 0)
        return false;
    *at += length;
    return true;
}

/* A decimal number as the PHC format has it: no sign, no leading zero, at most 32 bits. */
static bool read_number(const char **at, uint32_t *value)
{
    uint64_t number = 0;
    const char *start = *at;

    for (; **at >= '0' && **at <= '9'; (*at)++) {
        number = number * 10 + (uint64_t)(**at - '0');
        if (number > UINT32_MAX)
            return false;
    }
    *value = (uint32_t)number;
    return *at > start && (*start != '0' || *at == start + 1);
}

/* A member in base64 without padding, of at least `least` octets. */
static bool read_base64(const char **at, size_t least)
{
    unsigned char octets[PASSWORD_STORED_SIZE];
    size_t length;
    const char *end;

    if (sodium_base642bin(octets, sizeof octets, *at, strcspn(*at, "$"), NULL, &length, &end,
                          sodium_base64_VARIANT_ORIGINAL_NO_PADDING) != 0)
        return false;
    *at = end;
    return length >= least;
}

static bool parse_phc(const char *text, struct phc *phc)
{
    const char *at = text;

    if (strnlen(text, PASSWORD_STORED_SIZE) >= PASSWORD_STORED_SIZE)
        return false;
    phc->argon2id = read_text(&at, "$argon2id$");
    if (!phc->argon2id && !read_text(&at, "$argon2i$"))
        return false;
    if (!read_text(&at, "v=19$m=") || !read_number(&at, &phc->memory_kib) ||
        !read_text(&at, ",t=") || !read_number(&at, &phc->passes) || !read_text(&at, ",p=") ||
        !read_number(&at, &phc->lanes) || !read_text(&at, "$"))
        return false;
    if (phc->passes < 1 || phc->lanes < 1 || phc->memory_kib > MOST_MEMORY_KIB ||
        phc->memory_kib / LEAST_MEMORY_KIB < phc->lanes)
        return false;
    return read_base64(&at, LEAST_SALT) && read_text(&at, "$") && read_base64(&at, LEAST_HASH) &&
           *at == '\0';
}

/* A hash names its own cost, so that a hostile one could hold us for days, and Argon2 cannot be
 * interrupted: it is looked at before any work is done. */
static bool is_affordable(const struct phc *phc, struct password_cost limit)
{
    return phc->memory_kib <= limit.memory_kib && phc->passes <= limit.passes;
}

bool password_is_phc(const char *text, struct password_cost limit)
{
    struct phc phc;

    return parse_phc(text, &phc) && is_affordable(&phc, limit);
}

bool password_is_too_costly(const char *stored, struct password_cost limit)
{
    struct phc phc;

    (void)read_text(&stored, WRAPPED_MD5);
    return parse_phc(stored, &phc) && !is_affordable(&phc, limit);
}

static bool verify_phc(const char *password, size_t length, const char *stored,
                       struct password_cost limit)
{
    (void)pthread_once(&sodium_once, start_sodium);
    return sodium_ready && password_is_phc(stored, limit) &&
           crypto_pwhash_str_verify(stored, password, length) == 0;
}

static bool verify_wrapped_md5(const char *password, size_t length, const char *phc,
                               struct password_cost limit)
{
    char wire[PASSWORD_WIRE_SIZE];
    bool verified;

    wire_md5(password, length, wire);
    verified = verify_phc(wire, MD5_HEX, phc, limit);
    sodium_memzero(wire, sizeof wire);
    return verified;
}

/* `hex_length` tells which formats are meant; both that have 64 digits are always computed and
 * compared, so that time does not tell which one matched. */
static bool verify_wire(const char *password, size_t length, const char *stored, size_t hex_length)
{
    char lower[PASSWORD_WIRE_SIZE], wire[PASSWORD_WIRE_SIZE];
    int matches = 0;

    memcpy(lower, stored, hex_length + 1);
    change_case(lower, 'a');
    if (hex_length == SHA256_HEX) {
        wire_sha256(password, length, wire);
        matches |= sodium_memcmp(wire, lower, hex_length) == 0;
        wire_sha1sha256(password, length, wire);
        matches |= sodium_memcmp(wire, lower, hex_length) == 0;
    } else {
        wire_md5(password, length, wire);
        change_case(wire, 'a');
        matches |= sodium_memcmp(wire, lower, hex_length) == 0;
    }
    sodium_memzero(wire, sizeof wire);
    sodium_memzero(lower, sizeof lower);
    return matches != 0;
}

bool password_verify(const char *password, size_t length, const char *stored,
                     struct password_cost limit)
{
    const char *at = stored;

    if (*stored == '$')
        return verify_phc(password, length, stored, limit);
    if (read_text(&at, WRAPPED_MD5) && *at == '$')
        return verify_wrapped_md5(password, length, at, limit);
    if (is_hex(stored, SHA256_HEX))
        return verify_wire(password, length, stored, SHA256_HEX);
    return is_hex(stored, MD5_HEX) && verify_wire(password, length, stored, MD5_HEX);
}

bool password_needs_rehash(const char *stored, struct password_cost cost,
                           struct password_cost limit)
{
    struct phc phc;

    return !parse_phc(stored, &phc) || !phc.argon2id || phc.memory_kib < cost.memory_kib ||
           phc.passes < cost.passes || !is_affordable(&phc, limit);
}
