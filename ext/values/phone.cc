/* SPDX-License-Identifier: MIT */
#include "values/phone.h"

#include <cstring>
#include <phonenumbers/logger.h>
#include <phonenumbers/phonenumberutil.h>
#include <string>

using i18n::phonenumbers::Logger;
using i18n::phonenumbers::PhoneNumber;
using i18n::phonenumbers::PhoneNumberUtil;

/* libphonenumber's name for no country. */
static const char NO_COUNTRY[] = "ZZ";

static bool keep(const std::string &text, char *kept, size_t size)
{
    if (text.size() >= size)
        return false;
    std::memcpy(kept, text.c_str(), text.size() + 1);
    return true;
}

/* The library reports its errors on standard output, which belongs to whoever loaded us. */
static const PhoneNumberUtil *silent_library()
{
    static const PhoneNumberUtil *const numbers = [] {
        const PhoneNumberUtil *library = PhoneNumberUtil::GetInstance();

        Logger::mutable_logger_impl()->set_level(i18n::phonenumbers::LOG_FATAL);
        return library;
    }();

    return numbers;
}

/* What a number comes to. */
struct reading {
    std::string e164;
    enum rule rule;
    bool possible, valid;
};

static struct reading read(const PhoneNumberUtil *numbers, const std::string &text,
                           const char *country)
{
    struct reading reading = {"", RULE_phone, false, false};
    PhoneNumber number;

    switch (numbers->Parse(text, country, &number)) {
    case PhoneNumberUtil::NO_PARSING_ERROR:
        break;
    case PhoneNumberUtil::INVALID_COUNTRY_CODE_ERROR:
        reading.rule = RULE_phone_country;
        return reading;
    default:
        return reading;
    }
    numbers->Format(number, PhoneNumberUtil::E164, &reading.e164);
    reading.possible = numbers->IsPossibleNumberWithReason(number) == PhoneNumberUtil::IS_POSSIBLE;
    reading.valid = numbers->IsValidNumber(number);
    reading.rule = reading.possible ? RULE_as_given : RULE_phone_length;
    return reading;
}

static std::string digits_of(const std::string &text)
{
    std::string digits;

    for (char c : text)
        if (c >= '0' && c <= '9')
            digits += c;
    return digits;
}

/* Of two readings of one text the one that is valid. */
static struct reading better(const struct reading &one, const struct reading &other)
{
    if (!other.possible || other.e164 == one.e164)
        return one;
    if (!one.possible || (other.valid && !one.valid))
        return other;
    struct reading chosen = one;
    if (one.valid == other.valid)
        chosen.rule = RULE_ambiguous;
    return chosen;
}

/* Whether digits are how a country writes the number. Most write a trunk prefix before it, which is
 * missing where a program took the number for one to count with. */
static bool is_as_written(const PhoneNumberUtil *numbers, const std::string &e164,
                          const std::string &digits)
{
    PhoneNumber number;
    std::string written;

    if (numbers->Parse(e164, NO_COUNTRY, &number) != PhoneNumberUtil::NO_PARSING_ERROR)
        return false;
    numbers->Format(number, PhoneNumberUtil::NATIONAL, &written);
    return digits_of(written) == digits;
}

/* A spreadsheet takes the + for a sign: what is dialled in a country and begins with its code may
 * be the whole number. So may what lacks the country's trunk prefix and would be another country's
 * number in use. */
static struct reading read_national(const PhoneNumberUtil *numbers, const std::string &text,
                                    const char *country)
{
    std::string digits = digits_of(text);
    std::string code = std::to_string(numbers->GetCountryCodeForRegion(country));
    struct reading national = read(numbers, text, country);
    bool own = digits.compare(0, code.size(), code) == 0;

    if (!own &&
        (!national.possible || digits[0] == '0' || is_as_written(numbers, national.e164, digits)))
        return national;
    struct reading whole = read(numbers, "+" + digits, NO_COUNTRY);
    if (!own) {
        if (whole.valid)
            national.rule = RULE_ambiguous;
        return national;
    }
    if (whole.possible)
        whole.rule = RULE_country_code;
    return better(national, whole);
}

static struct reading read_whole(const PhoneNumberUtil *numbers, const std::string &text)
{
    struct reading reading = read(numbers, text, NO_COUNTRY);

    if (reading.rule == RULE_as_given && "+" + digits_of(text) != reading.e164)
        reading.rule = RULE_trunk_prefix;
    return reading;
}

/* 00 is what most of the world dials to get abroad. In Australia that is 0011, in Hong Kong 001,
 * and what follows is another country's number then. */
static struct reading read_abroad(const PhoneNumberUtil *numbers, const std::string &text,
                                  const char *country)
{
    struct reading whole = read_whole(numbers, "+" + text.substr(2));
    PhoneNumber number;

    if (country == nullptr ||
        numbers->ParseAndKeepRawInput(text, country, &number) !=
            PhoneNumberUtil::NO_PARSING_ERROR ||
        number.country_code_source() != PhoneNumber::FROM_NUMBER_WITH_IDD)
        return whole;
    return better(whole, read(numbers, text, country));
}

enum rule phone_e164(const char *text, const char *country, bool valid, char *e164, size_t size)
{
    /* The callers are C: whatever is thrown here (memory) ends here. */
    try {
        const PhoneNumberUtil *numbers = silent_library();
        struct reading reading =
            text[0] == '0' && text[1] == '0'       ? read_abroad(numbers, text, country)
            : text[0] != '+' && country != nullptr ? read_national(numbers, text, country)
                                                   : read_whole(numbers, text);

        if (rule_refuses(reading.rule))
            return reading.rule;
        if (valid && !reading.valid)
            return RULE_phone_range;
        return keep(reading.e164, e164, size) ? reading.rule : RULE_phone;
    } catch (...) {
        return RULE_phone;
    }
}

uint32_t phone_lengths(int country_code)
{
    enum { LONGEST = 15 };
    uint32_t lengths = 0;

    try {
        const PhoneNumberUtil *numbers = silent_library();
        PhoneNumber number;
        uint64_t digits = 2;

        number.set_country_code(country_code);
        for (int length = 1; length <= LONGEST; length++, digits *= 10) {
            number.set_national_number(digits);
            if (numbers->IsPossibleNumberWithReason(number) == PhoneNumberUtil::IS_POSSIBLE)
                lengths |= 1U << length;
        }
    } catch (...) {
        lengths = 0;
    }
    return lengths;
}
