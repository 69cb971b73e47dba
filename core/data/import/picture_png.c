/* PNG through libpng, whose faults leave by longjmp(): everything that lives across one is in
 * png_work. */
#include "core/data/import/picture.h"

#include <png.h>
#include <stdlib.h>

typedef struct png_work {
    const picture_input *in;
    const picture_output *out;
    fail *f;
    bool has_failed; /* *f is filled */
    png_structp png;
    png_infop info;
    size_t width, height, row_bytes, channels; /* of what libpng gives: 3, or 4 with alpha */
    int n_passes;
    uint8_t *rows; /* (height, row_bytes) of an interlaced picture, else (1, row_bytes) */
} png_work;

/* ---- what libpng calls ---- */

static void on_error(png_structp png, png_const_charp message)
{
    png_work *w = png_get_error_ptr(png);
    if (!w->has_failed)
        fail_set(w->f, FAIL_SYNTAX, NULL, "%s is a damaged PNG picture: %.100s.", w->in->name,
                 message);
    w->has_failed = true;
    png_longjmp(png, 1);
}

/* Warnings are of what is not used: profiles, texts, times. */
static void on_warning(png_structp png, png_const_charp message)
{
    (void)png;
    (void)message;
}

/* Leaves by on_error() after a fault of our own. */
static void check(png_work *w, bool is_good)
{
    if (is_good)
        return;
    w->has_failed = true;
    png_error(w->png, "");
}

static void on_read(png_structp png, png_bytep bytes, size_t n)
{
    png_work *w = png_get_io_ptr(png);
    size_t n_read;
    check(w, w->in->read(w->in->context, bytes, n, &n_read, w->f));
    if (n_read < n)
        check(w, fail_set(w->f, FAIL_SYNTAX, NULL, "%s is cut off: the PNG picture ends early.",
                          w->in->name));
}

/* ---- the picture; each may leave by on_error() ---- */

static void ask_for_rgb(png_work *w)
{
    png_set_expand(w->png);
    png_set_scale_16(w->png);
    png_set_gray_to_rgb(w->png);
    w->n_passes = png_set_interlace_handling(w->png);
    png_read_update_info(w->png, w->info);
    w->row_bytes = png_get_rowbytes(w->png, w->info);
    w->channels = png_get_channels(w->png, w->info);
}

static void read_header(png_work *w)
{
    png_read_info(w->png, w->info);
    w->width = png_get_image_width(w->png, w->info);
    w->height = png_get_image_height(w->png, w->info);
    check(w, picture_check_sides(w->in, w->width, w->height, w->f));
    ask_for_rgb(w);
    size_t n_bytes = w->row_bytes * (w->n_passes > 1 ? w->height : 1);
    check(w, picture_grant(w->in, n_bytes, w->f));
    w->rows = calloc(1, n_bytes);
    if (!w->rows)
        check(w,
              fail_set(w->f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %s.", w->in->name));
    check(w, w->out->begin(w->out->context, w->width, w->height, w->f));
}

/* RGBA over black, in place. */
static void drop_alpha(const png_work *w, uint8_t *row)
{
    uint8_t *to = row;
    for (const uint8_t *from = row; from < row + w->row_bytes; from += 4)
        for (int c = 0; c < PICTURE_CHANNELS; c++)
            *to++ = (uint8_t)((from[c] * from[3] + 127) / 255);
}

static void put_row(png_work *w, uint8_t *row)
{
    if (w->channels == 4)
        drop_alpha(w, row);
    check(w, w->out->put_row(w->out->context, row, w->f));
}

static void read_rows(png_work *w)
{
    bool is_interlaced = w->n_passes > 1;
    for (int pass = 0; pass < w->n_passes; pass++)
        for (size_t y = 0; y < w->height; y++) {
            check(w, caller_check(w->in->by, w->f));
            png_read_row(w->png, w->rows + (is_interlaced ? y * w->row_bytes : 0), NULL);
            if (!is_interlaced)
                put_row(w, w->rows);
        }
    for (size_t y = 0; is_interlaced && y < w->height; y++)
        put_row(w, w->rows + y * w->row_bytes);
}

/* Chunks that change no pixel are skipped unread. */
static void ignore_the_rest(png_structp png)
{
    static const png_byte ignored[] = "iCCP\0zTXt\0iTXt\0tEXt\0eXIf\0hIST\0sPLT\0pCAL\0sCAL\0tIME";
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, ignored, (int)(sizeof ignored / 5));
}

static bool decode(png_work *w)
{
    if (setjmp(png_jmpbuf(w->png)))
        return false;
    png_set_read_fn(w->png, w, on_read);
    png_set_sig_bytes(w->png, PICTURE_START_BYTES);
    png_set_user_limits(w->png, PNG_UINT_31_MAX, PNG_UINT_31_MAX);
    ignore_the_rest(w->png);
    read_header(w);
    read_rows(w);
    png_read_end(w->png, NULL);
    return true;
}

bool picture_read_png(const picture_input *in, const picture_output *out, fail *f)
{
    png_work w = {.in = in, .out = out, .f = f};
    w.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &w, on_error, on_warning);
    w.info = w.png ? png_create_info_struct(w.png) : NULL;
    bool is_good =
        w.info ? decode(&w)
               : fail_set(f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %s.", in->name);
    png_destroy_read_struct(&w.png, &w.info, NULL);
    free(w.rows);
    return is_good;
}
