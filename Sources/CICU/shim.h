#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicode/uvernum.h>

// Of ICU's own headers only the version's is included, which has nothing but macros: Foundation carries another ICU whose types would
// clash with theirs in a target that imports both. So the few functions in use are declared here, with ICU's versioned symbols, void
// pointers for its opaque types and int for its error code.
#define BUNKO_ICU(name) U_ICU_ENTRY_POINT_RENAME(name)

const void *BUNKO_ICU(unorm2_getNFCInstance)(int *status);
const void *BUNKO_ICU(unorm2_getNFDInstance)(int *status);
const void *BUNKO_ICU(unorm2_getNFKCCasefoldInstance)(int *status);
int32_t BUNKO_ICU(unorm2_normalize)(const void *form, const uint16_t *source, int32_t length, uint16_t *target, int32_t capacity,
                                    int *status);
int32_t BUNKO_ICU(unorm2_spanQuickCheckYes)(const void *form, const uint16_t *source, int32_t length, int *status);
void *BUNKO_ICU(utext_openUTF8)(void *text, const char *bytes, int64_t length, int *status);
void *BUNKO_ICU(utext_close)(void *text);
void *BUNKO_ICU(ubrk_open)(int type, const char *locale, const uint16_t *text, int32_t length, int *status);
void BUNKO_ICU(ubrk_setUText)(void *iterator, void *text, int *status);
int32_t BUNKO_ICU(ubrk_next)(void *iterator);
void BUNKO_ICU(ubrk_close)(void *iterator);
void *BUNKO_ICU(ucnv_open)(const char *name, int *status);
void BUNKO_ICU(ucnv_close)(void *converter);
void BUNKO_ICU(UCNV_TO_U_CALLBACK_STOP)(const void *context, void *arguments, const char *bytes, int32_t length, int reason, int *status);
void BUNKO_ICU(ucnv_setToUCallBack)(void *converter,
                                    void (*action)(const void *, void *, const char *, int32_t, int, int *), const void *context,
                                    void *old_action, const void **old_context, int *status);
void BUNKO_ICU(ucnv_toUnicode)(void *converter, uint16_t **target, const uint16_t *target_limit, const char **source,
                               const char *source_limit, int32_t *offsets, int8_t flush, int *status);
void *BUNKO_ICU(ucsdet_open)(int *status);
void BUNKO_ICU(ucsdet_close)(void *detector);
void BUNKO_ICU(ucsdet_setText)(void *detector, const char *bytes, int32_t length, int *status);
const void **BUNKO_ICU(ucsdet_detectAll)(void *detector, int32_t *count, int *status);
const char *BUNKO_ICU(ucsdet_getName)(const void *match, int *status);
int32_t BUNKO_ICU(ucsdet_getConfidence)(const void *match, int *status);

enum { bunko_icu_sentence_iterator = 3, bunko_icu_buffer_overflow = 15 };

/// Normalization Forms C and D, and NFKC_Casefold.
typedef enum { bunko_icu_nfc, bunko_icu_nfd, bunko_icu_nfkc_casefold } bunko_icu_form;

/// Writes the normal form of `source` to `target`, both in UTF-16.
/// Returns the length of the result, which exceeds `capacity` when it did not fit; negative when ICU's data is missing.
static inline int32_t bunko_icu_normalize(bunko_icu_form form, const uint16_t *source, int32_t length, uint16_t *target,
                                          int32_t capacity) {
    int status = 0;
    const void *normalizer = form == bunko_icu_nfc   ? BUNKO_ICU(unorm2_getNFCInstance)(&status)
                             : form == bunko_icu_nfd ? BUNKO_ICU(unorm2_getNFDInstance)(&status)
                                                     : BUNKO_ICU(unorm2_getNFKCCasefoldInstance)(&status);
    int32_t needed = BUNKO_ICU(unorm2_normalize)(normalizer, source, length, target, capacity, &status);
    return status <= 0 || status == bunko_icu_buffer_overflow ? needed : -1;
}

/// An iterator over the sentence boundaries of a text, with the text it reads.
typedef struct {
    void *text;
    void *iterator;
} bunko_icu_sentences;

/// Closes an iterator.
static inline void bunko_icu_sentences_close(bunko_icu_sentences sentences) {
    if (sentences.iterator) BUNKO_ICU(ubrk_close)(sentences.iterator);
    if (sentences.text) BUNKO_ICU(utext_close)(sentences.text);
}

/// Opens an iterator over UTF-8 `bytes`, which must outlive it; false when ICU's data is missing.
static inline bool bunko_icu_sentences_open(const char *bytes, int64_t length, bunko_icu_sentences *sentences) {
    int status = 0;
    sentences->text = BUNKO_ICU(utext_openUTF8)(NULL, bytes, length, &status);
    sentences->iterator = BUNKO_ICU(ubrk_open)(bunko_icu_sentence_iterator, "", NULL, 0, &status);
    BUNKO_ICU(ubrk_setUText)(sentences->iterator, sentences->text, &status);
    if (status <= 0) return true;
    bunko_icu_sentences_close(*sentences);
    return false;
}

/// The byte offset of the next boundary, -1 after the last one.
static inline int32_t bunko_icu_sentences_next(bunko_icu_sentences sentences) {
    return BUNKO_ICU(ubrk_next)(sentences.iterator);
}

/// Whether `source`, in UTF-16, is certainly in Normalization Form C; "no" may also mean "to be seen by normalising it".
static inline bool bunko_icu_is_nfc(const uint16_t *source, int32_t length) {
    int status = 0;
    const void *form = BUNKO_ICU(unorm2_getNFCInstance)(&status);
    return BUNKO_ICU(unorm2_spanQuickCheckYes)(form, source, length, &status) == length && status <= 0;
}

/// A converter from the encoding `name` to UTF-16 that stops at the first undecodable byte; NULL for a name ICU does not know.
static inline void *bunko_icu_converter_open(const char *name) {
    int status = 0;
    void *converter = BUNKO_ICU(ucnv_open)(name, &status);
    if (status <= 0) BUNKO_ICU(ucnv_setToUCallBack)(converter, BUNKO_ICU(UCNV_TO_U_CALLBACK_STOP), NULL, NULL, NULL, &status);
    if (status <= 0) return converter;
    if (converter) BUNKO_ICU(ucnv_close)(converter);
    return NULL;
}

/// Closes a converter.
static inline void bunko_icu_converter_close(void *converter) {
    BUNKO_ICU(ucnv_close)(converter);
}

/// Converts `length` bytes from `*consumed` on until `target` is full or they end, and moves `*consumed`. A character may be cut where
/// they end unless they are the `last`. Returns the code units written, -1 for bytes that stand for nothing. Call again while
/// `*consumed` is short of `length` or the target was filled.
static inline int32_t bunko_icu_convert(void *converter, const char *bytes, int64_t length, bool last, int64_t *consumed,
                                        uint16_t *target, int32_t capacity) {
    int status = 0;
    const char *source = bytes + *consumed;
    uint16_t *written = target;
    BUNKO_ICU(ucnv_toUnicode)(converter, &written, target + capacity, &source, bytes + length, NULL, last, &status);
    *consumed = source - bytes;
    return status <= 0 || status == bunko_icu_buffer_overflow ? (int32_t)(written - target) : -1;
}

/// ICU's guesses at the encoding of a text.
typedef struct {
    void *detector;
    const void **matches;
    int32_t count;
} bunko_icu_guesses;

/// Guesses from `bytes`, which must outlive the guesses; no guess at all when ICU's data is missing.
static inline bunko_icu_guesses bunko_icu_guesses_open(const char *bytes, int32_t length) {
    int status = 0;
    bunko_icu_guesses guesses = {BUNKO_ICU(ucsdet_open)(&status), NULL, 0};
    BUNKO_ICU(ucsdet_setText)(guesses.detector, bytes, length, &status);
    guesses.matches = BUNKO_ICU(ucsdet_detectAll)(guesses.detector, &guesses.count, &status);
    if (status > 0 || !guesses.matches) guesses.count = 0;
    return guesses;
}

/// Closes guesses.
static inline void bunko_icu_guesses_close(bunko_icu_guesses guesses) {
    if (guesses.detector) BUNKO_ICU(ucsdet_close)(guesses.detector);
}

/// The name of the encoding that guess `index` is for, which lives as long as the guesses.
static inline const char *bunko_icu_guess_name(bunko_icu_guesses guesses, int32_t index) {
    int status = 0;
    return BUNKO_ICU(ucsdet_getName)(guesses.matches[index], &status);
}

/// How sure guess `index` is, from 0 to 100.
static inline int32_t bunko_icu_guess_confidence(bunko_icu_guesses guesses, int32_t index) {
    int status = 0;
    return BUNKO_ICU(ucsdet_getConfidence)(guesses.matches[index], &status);
}
