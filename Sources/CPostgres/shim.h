#ifndef BUNKO_CPOSTGRES_H
#define BUNKO_CPOSTGRES_H

#include <libpq-fe.h>

#endif
