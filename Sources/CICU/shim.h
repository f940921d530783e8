#pragma once

#include <stdint.h>
#include <unicode/ubrk.h>
#include <unicode/unorm2.h>
#include <unicode/utext.h>

// ICU appends its version to every symbol by macros, which Swift cannot see: each function in use gets a name of ours.

static inline const UNormalizer2 *bunko_icu_nfc(UErrorCode *status) {
    return unorm2_getNFCInstance(status);
}

static inline const UNormalizer2 *bunko_icu_nfkc_casefold(UErrorCode *status) {
    return unorm2_getNFKCCasefoldInstance(status);
}

static inline int32_t bunko_icu_normalize(const UNormalizer2 *form, const uint16_t *source, int32_t length,
                                          uint16_t *target, int32_t capacity, UErrorCode *status) {
    return unorm2_normalize(form, (const UChar *)source, length, (UChar *)target, capacity, status);
}

static inline UBreakIterator *bunko_icu_open_sentences(UErrorCode *status) {
    return ubrk_open(UBRK_SENTENCE, "", NULL, 0, status);
}

static inline UText *bunko_icu_open_utf8(const char *bytes, int64_t length, UErrorCode *status) {
    return utext_openUTF8(NULL, bytes, length, status);
}

static inline void bunko_icu_set_text(UBreakIterator *iterator, UText *text, UErrorCode *status) {
    ubrk_setUText(iterator, text, status);
}

static inline int32_t bunko_icu_next(UBreakIterator *iterator) {
    return ubrk_next(iterator);
}

static inline void bunko_icu_close_iterator(UBreakIterator *iterator) {
    ubrk_close(iterator);
}

static inline void bunko_icu_close_text(UText *text) {
    utext_close(text);
}
