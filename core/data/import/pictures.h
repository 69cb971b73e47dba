/* pictures — a zip or tar with a folder of PNG or JPEG pictures for every class, read into a
 * set.
 *
 * The archive is gone through twice: for the names of its files, then for the pictures, each of
 * which goes straight to its row. Pictures that are unpacked to 16 GiB of pixels and more than 20
 * times what their files have are refused. Private to core/data/import/. */
#ifndef CORE_DATA_IMPORT_PICTURES_H
#define CORE_DATA_IMPORT_PICTURES_H

#include "core/data/import/load.h"
#include "core/data/import/picture_list.h"

/* Reads the pictures of the list, which was read from the archive, into the load. Sides of `size`
 * pixels, 0: those of the pictures, which must be alike; channels 1 or 3, 0: one if all are gray.
 */
FAIL_CHECKED bool pictures_read(archive *a, picture_list *list, size_t size, size_t channels,
                                dataset_load *load, fail *f);

#endif
