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

bool phone_e164(const char *text, const char *country, char *e164, size_t size)
{
    /* The callers are C: whatever is thrown here (memory) ends here. */
    try {
        const PhoneNumberUtil *numbers = silent_library();
        PhoneNumber number;
        std::string formatted;

        if (numbers->Parse(text, country != nullptr ? country : NO_COUNTRY, &number) !=
                PhoneNumberUtil::NO_PARSING_ERROR ||
            !numbers->IsValidNumber(number))
            return false;
        numbers->Format(number, PhoneNumberUtil::E164, &formatted);
        return keep(formatted, e164, size);
    } catch (...) {
        return false;
    }
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
