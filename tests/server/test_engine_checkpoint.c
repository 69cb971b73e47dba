/* What is resumed from and what is not: damaged checkpoints, those of other runs and cores. */
#include "tests/server/engine_watch.h"

static void write_text(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");
    CHECK_OR_RETURN(file != NULL);
    (void)fputs(text, file);
    (void)fclose(file);
}

/* What lies there, and what the run is said to have been. */
static void starts_over(const train_spec *spec, const watcher *alone, shelf *kept, const char *note)
{
    watcher w = {.shelf = kept};
    train(spec, &w);
    CHECK(!w.was_resumed);
    CHECK_CONTAINS(w.note, note);
    CHECK_CONTAINS(w.note, "started over");
    same_model(&w, alone);
    same_curve(&w, alone);
    train_result_close(&w.result);
}

static void an_unusable_checkpoint_is_left_aside_and_said(void)
{
    static const char *const TEXTS[] = {"regulab", "not a checkpoint at all, but long enough for a "
                                                   "head of sixty-four bytes and some more"};
    train_spec spec;
    watcher alone;
    shelf kept;
    char path[JOBS_PATH_BYTES];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    for (size_t i = 0; i < sizeof TEXTS / sizeof *TEXTS; i++) {
        jobs_files_describe(&(jobs_piece){TEXTS[i], strlen(TEXTS[i])}, 1, &kept.kept);
        path_of(&kept, path);
        write_text(path, TEXTS[i]);
        starts_over(&spec, &alone, &kept, "not readable");
    }
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

static void pause_somewhere(const train_spec *spec, shelf *kept)
{
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .shelf = kept};
    kept->kept = (run_file){.bytes = 0};
    train(spec, &w);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_PAUSED);
    CHECK(kept->kept.bytes > 0);
}

/* One bit of its weights; they are still weights. */
static void flip_last_bit(const char *path)
{
    FILE *file = fopen(path, "r+");
    CHECK_OR_RETURN(file != NULL);
    CHECK(fseek(file, -2, SEEK_END) == 0);
    int byte = fgetc(file);
    CHECK(fseek(file, -2, SEEK_END) == 0);
    (void)fputc(byte ^ 1, file);
    (void)fclose(file);
}

static void a_checkpoint_that_is_not_what_was_kept_is_not_resumed_from(void)
{
    train_spec spec;
    watcher alone;
    shelf kept;
    char path[JOBS_PATH_BYTES];
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    pause_somewhere(&spec, &kept);
    path_of(&kept, path);
    flip_last_bit(path);
    starts_over(&spec, &alone, &kept, "damaged");
    pause_somewhere(&spec, &kept);
    path_of(&kept, path);
    unlink(path);
    starts_over(&spec, &alone, &kept, "lost");
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

static void a_checkpoint_of_another_run_is_left_aside(void)
{
    train_spec spec, other;
    watcher alone;
    shelf kept;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    other = spec;
    other.seed = 7;
    make_shelf(&kept);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .shelf = &kept};
    train(&other, &w);
    CHECK_EQUAL_INT(w.result.stop, TRAIN_STOP_PAUSED);
    CHECK(kept.kept.bytes > 0);
    w = (watcher){.shelf = &kept};
    train(&spec, &w);
    same_model(&w, &alone);
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

static void a_checkpoint_of_another_core_is_resumed_from_and_said(void)
{
    train_spec spec;
    watcher alone;
    jobs_checkpoint c;
    shelf kept;
    fail f;
    fill_spec(&spec);
    undisturbed(&spec, &alone);
    make_shelf(&kept);
    watcher w = {.stop = COMMAND_PAUSE, .stop_after = 20, .shelf = &kept};
    train(&spec, &w);
    CHECK_OR_RETURN(jobs_checkpoint_load(&kept.files, RUN_ID, &kept.kept, &c, &f));
    CHECK_EQUAL_STRING(c.blas_core, train_blas_core());
    keep(&kept, "Antikythera", c.bytes, c.n_bytes);
    jobs_checkpoint_close(&c);
    w.stop_after = 0;
    train(&spec, &w);
    CHECK(w.was_resumed);
    CHECK_CONTAINS(w.note, "than it was begun on (Antikythera).");
    same_curve(&w, &alone);
    train_result_close(&w.result);
    train_result_close(&alone.result);
    remove_folder(kept.folder);
}

CHECK_MAIN("engine_checkpoint", an_unusable_checkpoint_is_left_aside_and_said,
           a_checkpoint_that_is_not_what_was_kept_is_not_resumed_from,
           a_checkpoint_of_another_run_is_left_aside,
           a_checkpoint_of_another_core_is_resumed_from_and_said)
