#ifndef BUNKO_CBLAS_SHIM_H
#define BUNKO_CBLAS_SHIM_H

#include <cblas.h>

#endif
