#ifndef BUNKO_CCOMMONMARK_SHIM_H
#define BUNKO_CCOMMONMARK_SHIM_H

#include <cmark-gfm.h>
// The parser's definition: the block tree is read from `root` before inline parsing would run.
#include <cmark-gfm/parser.h>

#endif
