/* config/database.h - is a text the URL of a PostgreSQL database, as libpq will read it? */
#pragma once
#include "base/slice.h"

/*
 * postgresql://[USER[:PASSWORD]@][HOST[:PORT][,HOST…]]/DATABASE[?NAME=VALUE[&…]]   (manual of libpq, 34.1.1.2)
 *
 * Returns true, or false with a sentence in reterr that quotes nothing but names of parameters: the URL may hold a
 * password. Stricter than libpq where that finds a slip of the pen: a database is named, parameters are those that make
 * sense for Alto and are given once.
 */
MUST_USE bool config_database_check(struct slice url, char reterr[240]);
