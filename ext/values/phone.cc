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

/* A spreadsheet takes the + for a sign: what is dialled in a country and begins with its code may
 * be the whole number. */
static struct reading choose(const PhoneNumberUtil *numbers, const std::string &text,
                             const char *country, const struct reading &national)
{
    std::string digits = digits_of(text);
    std::string code = std::to_string(numbers->GetCountryCodeForRegion(country));

    if (digits.compare(0, code.size(), code) != 0)
        return national;
    struct reading whole = read(numbers, "+" + digits, NO_COUNTRY);
    if (!whole.possible || whole.e164 == national.e164)
        return national;
    if (national.possible && national.valid == whole.valid)
        whole.rule = RULE_ambiguous;
    else if (national.possible && national.valid)
        return national;
    else
        whole.rule = RULE_country_code;
    return whole;
}

enum rule phone_e164(const char *text, const char *country, bool valid, char *e164, size_t size)
{
    /* The callers are C: whatever is thrown here (memory) ends here. */
    try {
        const PhoneNumberUtil *numbers = silent_library();
        struct reading reading = read(numbers, text, country != nullptr ? country : NO_COUNTRY);

        if (text[0] != '+' && country != nullptr)
            reading = choose(numbers, text, country, reading);
        else if (reading.rule == RULE_as_given && "+" + digits_of(text) != reading.e164)
            reading.rule = RULE_trunk_prefix;
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

bool phone_country(const char *e164, char country[3])
{
    try {
        const PhoneNumberUtil *numbers = silent_library();
        PhoneNumber number;
        std::string region;

        if (numbers->Parse(e164, NO_COUNTRY, &number) != PhoneNumberUtil::NO_PARSING_ERROR)
            return false;
        numbers->GetRegionCodeForNumber(number, &region);
        /* "001" stands for numbers of no country. */
        return region.size() == 2 && region != NO_COUNTRY && keep(region, country, 3);
    } catch (...) {
        return false;
    }
}
