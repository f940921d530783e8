#ifndef BUNKO_CLAPACKE_SHIM_H
#define BUNKO_CLAPACKE_SHIM_H

#include <lapacke.h>

#endif
