#ifndef BUNKO_CXML_SHIM_H
#define BUNKO_CXML_SHIM_H

#include <libxml/HTMLparser.h>
#include <libxml/parser.h>
#include <libxml/xmlreader.h>

#endif
