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
const void *BUNKO_ICU(unorm2_getNFKCCasefoldInstance)(int *status);
int32_t BUNKO_ICU(unorm2_normalize)(const void *form, const uint16_t *source, int32_t length, uint16_t *target, int32_t capacity,
                                    int *status);
void *BUNKO_ICU(utext_openUTF8)(void *text, const char *bytes, int64_t length, int *status);
void *BUNKO_ICU(utext_close)(void *text);
void *BUNKO_ICU(ubrk_open)(int type, const char *locale, const uint16_t *text, int32_t length, int *status);
void BUNKO_ICU(ubrk_setUText)(void *iterator, void *text, int *status);
int32_t BUNKO_ICU(ubrk_next)(void *iterator);
void BUNKO_ICU(ubrk_close)(void *iterator);

enum { bunko_icu_sentence_iterator = 3, bunko_icu_buffer_overflow = 15 };

/// Writes the Normalization Form C of `source` to `target`, or its NFKC_Casefold form if `for_search`, all in UTF-16.
/// Returns the length of the result, which exceeds `capacity` when it did not fit; negative when ICU's data is missing.
static inline int32_t bunko_icu_normalize(bool for_search, const uint16_t *source, int32_t length, uint16_t *target, int32_t capacity) {
    int status = 0;
    const void *form =
        for_search ? BUNKO_ICU(unorm2_getNFKCCasefoldInstance)(&status) : BUNKO_ICU(unorm2_getNFCInstance)(&status);
    int32_t needed = BUNKO_ICU(unorm2_normalize)(form, source, length, target, capacity, &status);
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
