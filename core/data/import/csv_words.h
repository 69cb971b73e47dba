/* csv_words — how sentences speak of the columns and cells of CSV files, and what is told of
 * columns that are taken.
 *
 * Private to core/data/import/. */
#ifndef CORE_DATA_IMPORT_CSV_WORDS_H
#define CORE_DATA_IMPORT_CSV_WORDS_H

#include "core/data/import/csv_table.h"

enum { CSV_NAME_BYTES = 80 };

/* "column price", or "column 3" where columns have no names; returns text. */
const char *csv_column_text(const csv_table *t, const csv_column *c, char text[CSV_NAME_BYTES]);

/* What an option calls it: its name, in quotes where that has a comma, or its index. */
const char *csv_option_text(const csv_table *t, const csv_column *c, char text[CSV_NAME_BYTES]);

/* Fails with "a.csv: row 5, column a: the value "-" " and what is said of it. */
bool csv_refuse(const csv_table *t, const csv_column *c, const csv_place *place, fail_code code,
                fail *f, const char *format, ...) FAIL_FORMAT(6, 7);

/* Refuses a class or a category of another part that training rows lack. Of given parts: what is
 * drawn has the columns of the whole, and is told. */
FAIL_CHECKED bool csv_check_parts(const csv_table *t, const csv_column *c, fail *f);

/* Warns of what is missing, centred, lost or rare in a column that is not ignored. */
FAIL_CHECKED bool csv_warn_of(csv_table *t, const csv_column *c, fail *f);

#endif
