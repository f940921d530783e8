#ifndef BUNKO_CHIREDIS_H
#define BUNKO_CHIREDIS_H

#include <hiredis/hiredis.h>

#endif
