#include "core/data/import/pictures.h"

#include "core/data/container.h"
#include "core/data/import/label.h"
#include "core/data/import/picture.h"
#include "core/data/import/resize.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS_AT_ONCE = 256, TIMES_MOST = 20 };

/* Bytes of pixels that all pictures together may be unpacked to, beside TIMES_MOST times what their
 * files have: photographs have some bits for a pixel, what is made to keep a server busy less. */
#define PIXELS_LIMIT ((uint64_t)16 << 30)

typedef struct pictures_reader {
    archive *a;
    const picture_list *list;
    dataset_load *load;
    size_t size, channels;          /* as asked for */
    size_t width, height;           /* of the first picture */
    char first[ARCHIVE_PATH_LIMIT]; /* its path */
    resize scale;
    uint8_t *rgb; /* (load->height, load->width, 3) */
    uint64_t granted, scratch_granted;
    uint64_t file_bytes, pixel_bytes; /* of the pictures so far */
    size_t n_read;
} pictures_reader;

/* ---- room ---- */

/* Room for all rows with so many channels; what was read stays. */
static bool check_room(pictures_reader *r, size_t channels, fail *f)
{
    const dataset_load *load = r->load;
    size_t d = load->height * load->width * channels;
    if (d > CONTAINER_COLUMNS_LIMIT)
        return fail_set(f, FAIL_TOO_LARGE, "/size",
                        "%s has %zu x %zu pixels and %zu channel%s, %zu values; at most %d are "
                        "taken: size=32 makes all pictures 32 x 32.",
                        r->a->label, load->width, load->height, channels, channels == 1 ? "" : "s",
                        d, CONTAINER_COLUMNS_LIMIT);
    return dataset_load_check_size(load, &r->granted, r->a->name, r->list->n, d, 1, f);
}

/* The gray rows of a part as ones of three equal channels. */
static bool widen_part(pictures_reader *r, dataset_load_part *part, fail *f)
{
    size_t area = r->load->height * r->load->width;
    uint8_t *wide = calloc(part->n * area + 1, PICTURE_CHANNELS);
    if (!wide)
        return fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu pictures.",
                        part->n);
    for (size_t i = 0; i < part->n; i++) {
        if (i % ROWS_AT_ONCE == 0 && !caller_check(r->load->by, f)) {
            free(wide);
            return false;
        }
        for (size_t c = 0; c < PICTURE_CHANNELS; c++)
            memcpy(wide + (i * PICTURE_CHANNELS + c) * area, part->bytes + i * area, area);
    }
    free(part->bytes);
    part->bytes = wide;
    return true;
}

/* The first picture of several colours. */
static bool widen(pictures_reader *r, fail *f)
{
    if (!check_room(r, PICTURE_CHANNELS, f))
        return false;
    for (int p = 0; p < PART_COUNT; p++)
        if (r->load->parts[p].n > 0 && !widen_part(r, &r->load->parts[p], f))
            return false;
    r->load->channels = PICTURE_CHANNELS;
    return true;
}

/* The first picture tells the shape of all. */
static bool set_shape(pictures_reader *r, size_t width, size_t height, fail *f)
{
    dataset_load *load = r->load;
    r->width = width;
    r->height = height;
    snprintf(r->first, sizeof r->first, "%s", r->a->path);
    load->width = r->size ? r->size : width;
    load->height = r->size ? r->size : height;
    load->channels = r->channels ? r->channels : 1;
    if (!check_room(r, load->channels, f))
        return false;
    size_t area = load->height * load->width;
    r->rgb = malloc(area * PICTURE_CHANNELS);
    bool has_room = r->rgb;
    for (int p = 0; p < PART_COUNT; p++) {
        dataset_load_part *part = &load->parts[p];
        part->n = r->list->n_rows[p];
        if (part->n == 0)
            continue;
        part->bytes = calloc(part->n, area * load->channels);
        has_room = has_room && part->bytes;
        if (!label_reserve(part, part->n, f))
            return false;
    }
    return has_room || fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %zu pictures.",
                                r->list->n);
}

/* ---- one picture ---- */

static bool check_pixels(pictures_reader *r, size_t width, size_t height, fail *f)
{
    r->file_bytes += r->a->bytes;
    r->pixel_bytes += (uint64_t)width * height * PICTURE_CHANNELS;
    if (r->pixel_bytes <= PIXELS_LIMIT + TIMES_MOST * r->file_bytes)
        return true;
    return fail_set(f, FAIL_TOO_LARGE, NULL,
                    "%s brings the pictures to %llu GB of pixels, out of files of %llu MB; so "
                    "many are not unpacked.",
                    r->a->label, (unsigned long long)(r->pixel_bytes >> 30),
                    (unsigned long long)(r->file_bytes >> 20));
}

static bool begin(void *context, size_t width, size_t height, fail *f)
{
    pictures_reader *r = context;
    if (!check_pixels(r, width, height, f))
        return false;
    if (r->width == 0 && !set_shape(r, width, height, f))
        return false;
    if (!r->size && (width != r->width || height != r->height))
        return fail_set(f, FAIL_INCOMPATIBLE, "/size",
                        "%s has %zu x %zu pixels, %.100s has %zu x %zu; all must be alike, or "
                        "size=32 makes them 32 x 32.",
                        r->a->label, width, height, r->first, r->width, r->height);
    return resize_begin(&r->scale, width, height, r->load->width, r->load->height, f);
}

static bool put_row(void *context, const uint8_t *rgb, fail *f)
{
    pictures_reader *r = context;
    resize_put_row(&r->scale, rgb);
    return caller_check(r->load->by, f);
}

static bool is_gray(const uint8_t *rgb, size_t area)
{
    for (const uint8_t *at = rgb; at < rgb + area * PICTURE_CHANNELS; at += PICTURE_CHANNELS)
        if (at[0] != at[1] || at[0] != at[2])
            return false;
    return true;
}

/* The luma of ITU-R BT.601. */
static uint8_t gray_of(const uint8_t *rgb)
{
    return (uint8_t)((299U * rgb[0] + 587U * rgb[1] + 114U * rgb[2] + 500U) / 1000U);
}

/* (height, width, 3) to a row of the set: (channels, height, width). */
static bool store(pictures_reader *r, const picture_place *place, fail *f)
{
    dataset_load *load = r->load;
    dataset_load_part *part = &load->parts[place->part];
    size_t area = load->height * load->width;
    if (r->channels == 0 && load->channels == 1 && !is_gray(r->rgb, area) && !widen(r, f))
        return false;
    uint8_t *to = part->bytes + place->row * area * load->channels;
    for (size_t i = 0; i < area; i++) {
        const uint8_t *rgb = r->rgb + i * PICTURE_CHANNELS;
        if (load->channels == 1)
            to[i] = gray_of(rgb);
        for (size_t c = 0; load->channels > 1 && c < load->channels; c++)
            to[c * area + i] = rgb[c];
    }
    return label_put(load, part, place->row, place->class_at, place->class_bytes, r->a->label, f);
}

static bool read_bytes(void *context, void *bytes, size_t n, size_t *n_read, fail *f)
{
    pictures_reader *r = context;
    return archive_read(r->a, bytes, n, n_read, f);
}

static bool read_picture(pictures_reader *r, fail *f)
{
    const picture_place *place = picture_list_find(r->list, r->a->path);
    const picture_input in = {.context = r,
                              .read = read_bytes,
                              .by = r->load->by,
                              .name = r->a->label,
                              .granted = &r->scratch_granted};
    const picture_output out = {r, begin, put_row};
    if (!place)
        return fail_set(f, FAIL_SYNTAX, NULL, "%s has come in while the archive was read.",
                        r->a->label);
    if (!picture_read(&in, &out, f) || !archive_finish(r->a, f))
        return false;
    resize_end(&r->scale, r->rgb);
    r->n_read++;
    return store(r, place, f);
}

/* ---- all ---- */

static bool read_all(pictures_reader *r, fail *f)
{
    for (bool is_there;;) {
        if (!archive_next(r->a, &is_there, f))
            return false;
        if (!is_there)
            break;
        if (!read_picture(r, f))
            return false;
    }
    return r->n_read == r->list->n ||
           fail_set(f, FAIL_SYNTAX, NULL, "%s changed while it was read.", r->a->name);
}

bool pictures_read(archive *a, picture_list *list, size_t size, size_t channels, dataset_load *load,
                   fail *f)
{
    pictures_reader r = {.a = a, .list = list, .load = load, .size = size, .channels = channels};
    bool is_good =
        picture_list_arrange(list, a->name, f) && archive_rewind(a, f) && read_all(&r, f);
    resize_close(&r.scale);
    free(r.rgb);
    if (!is_good)
        return false;
    load->d = load->height * load->width * load->channels;
    load->n_outputs = 1;
    load->kind = OUTPUTS_INTEGERS;
    return true;
}
