/* JPEG through libjpeg(-turbo), whose faults leave by longjmp(): everything that lives across one
 * is in jpeg_work. */
#include "core/data/import/picture.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jerror.h>
#include <jpeglib.h>

enum { BUFFER_BYTES = 4096, SCANS_LIMIT = 64 };

typedef struct jpeg_work {
    struct jpeg_decompress_struct d;
    struct jpeg_error_mgr errors;
    struct jpeg_source_mgr source;
    struct jpeg_progress_mgr progress;
    jmp_buf escape;
    const picture_input *in;
    const picture_output *out;
    fail *f;
    uint8_t buffer[BUFFER_BYTES];
    uint8_t *row; /* (width, 3), or (width, 4) for CMYK */
} jpeg_work;

/* ---- what libjpeg calls ---- */

static void check(jpeg_work *w, bool is_good)
{
    if (!is_good)
        longjmp(w->escape, 1);
}

static void on_error(j_common_ptr d)
{
    jpeg_work *w = d->client_data;
    char message[JMSG_LENGTH_MAX];
    d->err->format_message(d, message);
    check(w, fail_set(w->f, FAIL_SYNTAX, NULL, "%s is a damaged JPEG picture: %.150s.", w->in->name,
                      message));
}

/* A warning (a level below 0) is a fault unless it is of something that changes no pixel. */
static void on_message(j_common_ptr d, int level)
{
    int code = d->err->msg_code;
    if (level < 0 && code != JWRN_EXTRANEOUS_DATA && code != JWRN_JFIF_MAJOR &&
        code != JWRN_ADOBE_XFORM)
        on_error(d);
}

static void start_source(j_decompress_ptr d)
{
    (void)d;
}

static boolean fill_buffer(j_decompress_ptr d)
{
    jpeg_work *w = d->client_data;
    size_t n;
    check(w, w->in->read(w->in->context, w->buffer, sizeof w->buffer, &n, w->f));
    if (n == 0)
        check(w, fail_set(w->f, FAIL_SYNTAX, NULL, "%s is cut off: the JPEG picture ends early.",
                          w->in->name));
    w->source.next_input_byte = w->buffer;
    w->source.bytes_in_buffer = n;
    return TRUE;
}

static void skip_bytes(j_decompress_ptr d, long n)
{
    jpeg_work *w = d->client_data;
    for (size_t left = n > 0 ? (size_t)n : 0; left > 0;) {
        if (w->source.bytes_in_buffer == 0)
            (void)fill_buffer(d);
        size_t here = left < w->source.bytes_in_buffer ? left : w->source.bytes_in_buffer;
        w->source.next_input_byte += here;
        w->source.bytes_in_buffer -= here;
        left -= here;
    }
}

static void end_source(j_decompress_ptr d)
{
    (void)d;
}

/* Called for every row of blocks of every scan: a small file may have thousands of scans. */
static void on_progress(j_common_ptr d)
{
    jpeg_work *w = d->client_data;
    check(w, caller_check(w->in->by, w->f));
    if (w->d.input_scan_number > SCANS_LIMIT)
        check(w, fail_set(w->f, FAIL_TOO_LARGE, NULL, "%s has more than %d scans.", w->in->name,
                          SCANS_LIMIT));
}

/* ---- the picture; each may leave by longjmp() ---- */

static void set_up(jpeg_work *w, const uint8_t start[PICTURE_START_BYTES])
{
    jpeg_create_decompress(&w->d);
    memcpy(w->buffer, start, PICTURE_START_BYTES);
    w->source = (struct jpeg_source_mgr){
        .next_input_byte = w->buffer,
        .bytes_in_buffer = PICTURE_START_BYTES,
        .init_source = start_source,
        .fill_input_buffer = fill_buffer,
        .skip_input_data = skip_bytes,
        .resync_to_restart = jpeg_resync_to_restart,
        .term_source = end_source,
    };
    w->d.src = &w->source;
    w->progress.progress_monitor = on_progress;
    w->d.progress = &w->progress;
}

/* The coefficients of the whole picture are kept where it comes in several scans. */
static uint64_t coefficient_bytes(jpeg_work *w)
{
    uint64_t n_blocks = 0;
    for (int i = 0; i < w->d.num_components; i++)
        n_blocks +=
            (uint64_t)w->d.comp_info[i].width_in_blocks *
            (w->d.comp_info[i].height_in_blocks + (uint64_t)w->d.comp_info[i].v_samp_factor);
    return jpeg_has_multiple_scans(&w->d) ? n_blocks * DCTSIZE2 * sizeof(JCOEF) : 0;
}

static void read_header(jpeg_work *w)
{
    jpeg_read_header(&w->d, TRUE);
    check(w, picture_check_sides(w->in, w->d.image_width, w->d.image_height, w->f));
    if (w->d.jpeg_color_space == JCS_UNKNOWN)
        check(w, fail_set(w->f, FAIL_SYNTAX, NULL,
                          "%s has %d colour components; 1, 3 and 4 are "
                          "taken.",
                          w->in->name, w->d.num_components));
    bool is_four = w->d.jpeg_color_space == JCS_CMYK || w->d.jpeg_color_space == JCS_YCCK;
    w->d.out_color_space = is_four ? JCS_CMYK : JCS_RGB;
    check(w, picture_grant(w->in, coefficient_bytes(w), w->f));
    w->row = malloc((size_t)w->d.image_width * 4);
    if (!w->row)
        check(w,
              fail_set(w->f, FAIL_OUT_OF_MEMORY, NULL, "There is no memory for %s.", w->in->name));
}

/* CMYK to RGB, in place; Adobe's programs store the four inverted. */
static void drop_black(const jpeg_work *w)
{
    uint8_t *to = w->row;
    for (const uint8_t *from = w->row; from < w->row + (size_t)w->d.output_width * 4; from += 4) {
        int black = w->d.saw_Adobe_marker ? from[3] : 255 - from[3];
        for (int c = 0; c < PICTURE_CHANNELS; c++) {
            int ink = w->d.saw_Adobe_marker ? from[c] : 255 - from[c];
            *to++ = (uint8_t)((ink * black + 127) / 255);
        }
    }
}

static void read_rows(jpeg_work *w)
{
    jpeg_start_decompress(&w->d);
    check(w, w->out->begin(w->out->context, w->d.output_width, w->d.output_height, w->f));
    while (w->d.output_scanline < w->d.output_height) {
        JSAMPROW row = w->row;
        (void)jpeg_read_scanlines(&w->d, &row, 1);
        if (w->d.out_color_space == JCS_CMYK)
            drop_black(w);
        check(w, w->out->put_row(w->out->context, w->row, w->f));
    }
    (void)jpeg_finish_decompress(&w->d);
}

static bool decode(jpeg_work *w, const uint8_t start[PICTURE_START_BYTES])
{
    if (setjmp(w->escape)) // NOLINT(cert-err52-cpp)
        return false;
    set_up(w, start);
    read_header(w);
    read_rows(w);
    return true;
}

bool picture_read_jpeg(const picture_input *in, const uint8_t start[PICTURE_START_BYTES],
                       const picture_output *out, fail *f)
{
    jpeg_work w = {.in = in, .out = out, .f = f};
    w.d.err = jpeg_std_error(&w.errors);
    w.errors.error_exit = on_error;
    w.errors.emit_message = on_message;
    w.d.client_data = &w;
    bool is_good = decode(&w, start);
    jpeg_destroy_decompress(&w.d);
    free(w.row);
    return is_good;
}
