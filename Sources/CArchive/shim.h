#ifndef BUNKO_CARCHIVE_SHIM_H
#define BUNKO_CARCHIVE_SHIM_H

#include <archive.h>
#include <archive_entry.h>

#endif
