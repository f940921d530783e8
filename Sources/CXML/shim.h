#ifndef BUNKO_CXML_SHIM_H
#define BUNKO_CXML_SHIM_H

// libxml2's headers would bring ICU's, whose types clash with those of the other ICU that Foundation carries; nothing here touches them.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED
#include <stdbool.h>

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xmlreader.h>
#include <string.h>

/// Parses an HTML document of UTF-8 `bytes`, whatever it says of its encoding, and reports it to `handler`. No file or address is
/// opened. False when memory is missing.
static inline bool bunko_html_parse(const char *bytes, int length, const htmlSAXHandler *handler, void *user_data) {
    htmlParserCtxtPtr context = htmlCreateMemoryParserCtxt(bytes, length);
    if (!context) return false;
    memcpy(context->sax, handler, sizeof(htmlSAXHandler));
    context->userData = user_data;
    htmlCtxtUseOptions(context, HTML_PARSE_RECOVER | HTML_PARSE_NOERROR | HTML_PARSE_NOWARNING | HTML_PARSE_NONET | HTML_PARSE_IGNORE_ENC);
    xmlSwitchEncoding(context, XML_CHAR_ENCODING_UTF8);
    htmlParseDocument(context);
    htmlFreeParserCtxt(context);
    return true;
}

// The type of an error's argument changed in libxml2 2.12.
#if LIBXML_VERSION >= 21200
static inline void bunko_xml_ignore(void *context, const xmlError *error) { (void)context; (void)error; }
#else
static inline void bunko_xml_ignore(void *context, xmlErrorPtr error) { (void)context; (void)error; }
#endif

// A streaming reader of what `read` delivers: no network, no external subset, entities left as they are, and nothing on stderr.
// libxml2's own bounds stay on (256 levels, 10 MB for a text). Faults of an encoding are reported to the thread, not to the reader,
// hence both handlers. The caller frees the reader; NULL when memory is short.
static inline xmlTextReaderPtr bunko_xml_open(xmlInputReadCallback read, void *context) {
    xmlSetStructuredErrorFunc(NULL, bunko_xml_ignore);
    xmlTextReaderPtr reader = xmlReaderForIO(
        read, NULL, context, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_NOERROR | XML_PARSE_NOWARNING);
    if (reader) xmlTextReaderSetStructuredErrorHandler(reader, bunko_xml_ignore, NULL);
    return reader;
}

#endif
