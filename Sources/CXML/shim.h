#ifndef BUNKO_CXML_SHIM_H
#define BUNKO_CXML_SHIM_H

// libxml2's headers would bring ICU's, whose types clash with those of the other ICU that Foundation carries; nothing here touches them.
#include <libxml/xmlversion.h>
#undef LIBXML_ICU_ENABLED

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xmlreader.h>

#endif
