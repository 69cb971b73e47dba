/* The dashboard's files: their types, tags, and what is not served. */
#include "server/http/assets.h"
#include "tests/check.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[64];

static void put(const char *name, const char *text)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "w");
    if (!CHECK(file != NULL))
        return;
    fputs(text, file);
    fclose(file);
}

static void put_folder(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    CHECK_EQUAL_INT(mkdir(path, 0700), 0);
}

static void remove_all(void)
{
    static const char *const NAMES[] = {"index.html",
                                        "view/run.js",
                                        ".hidden",
                                        "package.json",
                                        "package-lock.json",
                                        "favicon.svg",
                                        "view",
                                        "node_modules/lib/a.js",
                                        "vendor.txt",
                                        "node_modules/lib/b.js",
                                        "node_modules/lib",
                                        "node_modules",
                                        ""};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++) {
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, NAMES[i]);
        remove(path);
    }
}

static assets *load(void)
{
    snprintf(folder, sizeof folder, "/tmp/regulab-assets-XXXXXX");
    if (!CHECK(mkdtemp(folder) != NULL))
        return NULL;
    put_folder("view");
    put_folder("node_modules");
    put_folder("node_modules/lib");
    put("index.html", "<!doctype html>");
    put("view/run.js", "export {};");
    put("favicon.svg", "<svg/>");
    put(".hidden", "secret");
    put("package.json", "{}");
    put("package-lock.json", "{}");
    put("node_modules/lib/a.js", "a");
    put("node_modules/lib/b.js", "b");
    put("vendor.txt", "# libraries\n\nnode_modules/lib/a.js\n");
    assets *a = NULL;
    fail f;
    CHECK_OK(assets_open(folder, &a, &f), f);
    return a;
}

static void only_listed_files_are_served(void)
{
    static const char *const ABSENT[] = {"/.hidden",
                                         "/package.json",
                                         "/package-lock.json",
                                         "/vendor.txt",
                                         "/node_modules/lib/b.js",
                                         "/view",
                                         "/view/",
                                         "/view/../index.html",
                                         "//index.html",
                                         "index.html",
                                         ""};
    assets *a = load();
    CHECK_OR_RETURN(a != NULL);
    CHECK_EQUAL_INT(assets_count(a), 4);
    CHECK(assets_find(a, "/view/run.js") != NULL);
    CHECK(assets_find(a, "/node_modules/lib/a.js") != NULL);
    for (size_t i = 0; i < sizeof ABSENT / sizeof *ABSENT; i++)
        CHECK(assets_find(a, ABSENT[i]) == NULL);
    assets_close(a);
    remove_all();
}

static void the_root_is_the_page(void)
{
    assets *a = load();
    CHECK_OR_RETURN(a != NULL);
    const asset *page = assets_find(a, "/");
    CHECK_OR_RETURN(page != NULL);
    CHECK(page == assets_find(a, "/index.html"));
    CHECK_EQUAL_STRING(page->content_type, "text/html; charset=utf-8");
    CHECK_EQUAL_INT(page->n_bytes, 15);
    CHECK_EQUAL_BYTES(page->bytes, "<!doctype html>", 15);
    CHECK_EQUAL_INT(strlen(page->etag), 18);
    CHECK(strcmp(page->etag, assets_find(a, "/view/run.js")->etag) != 0);
    CHECK(assets_find(a, "/favicon.ico") == assets_find(a, "/favicon.svg"));
    assets_close(a);
    remove_all();
}

static void a_missing_folder_is_an_empty_table(void)
{
    assets *a = NULL;
    fail f;
    CHECK_OK(assets_open("/nonexistent/regulab", &a, &f), f);
    CHECK_EQUAL_INT(assets_count(a), 0);
    CHECK(assets_find(a, "/") == NULL);
    assets_close(a);
    CHECK_OK(assets_open(NULL, &a, &f), f);
    assets_close(a);
}

static void a_library_that_is_not_there_is_told(void)
{
    assets *a = load(), *again = NULL;
    fail f;
    assets_close(a);
    put("vendor.txt", "node_modules/lib/missing.js\n");
    CHECK_FAILS(assets_open(folder, &again, &f), f, FAIL_STORAGE, "");
    CHECK_CONTAINS(f.sentence, "missing.js");
    CHECK_CONTAINS(f.sentence, "make npm");
    CHECK(again == NULL);
    remove_all();
}

CHECK_MAIN("assets", only_listed_files_are_served, the_root_is_the_page,
           a_missing_folder_is_an_empty_table, a_library_that_is_not_there_is_told)
