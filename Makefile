# Regulab. `make` builds build/regulab; `make run` and `make test` also set up what they need on a
# fresh Debian 12 (as root or with sudo). Sources and tests are found by their place: adding one
# never needs an edit here.
#
#   make [build]   the program            make test       all tests: "N passed, N failed"
#   make run       set up, build, serve   make test-asan  unit and HTTP tests under ASan and UBSan
#   make deps      packages, if missing   make test-tsan  the same under TSan
#   make install   PREFIX, DESTDIR        make lint       the laws, and each tool
#   make bench     a table of figures     make interop    other people's libraries, clients
#   make clean, format                    make papers     published figures (hours)
#   make fuzz      INPUTS for each reader make calibrate  how often a comparison is wrong
#                                         make lessons    what each claims, on fresh seeds

VERSION  = 1.0.0
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
LISTEN  ?= 127.0.0.1:8080

CC       = gcc
WARNINGS = -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
           -Wcast-qual -Werror
CPPFLAGS = -D_GNU_SOURCE -I. -DREGULAB_VERSION='"$(VERSION)"' \
           -DREGULAB_STATIC_DIR='"$(PREFIX)/share/regulab/static"'
CFLAGS   = -std=c17 -O2 -g $(WARNINGS)
LDLIBS   = -pthread -lmicrohttpd -lcjson -lsqlite3 -lopenblas -lnettle -lzip -lpng \
           -ljpeg -lz -lm

# SANITIZE=address,undefined or SANITIZE=thread, with a BUILD of its own. A target_clones resolver
# would run before the sanitizer is set up, so those builds do without; what a sanitizer adds makes
# GCC see uninitialized values that are not there.
SANITIZE ?=
ifneq ($(SANITIZE),)
CFLAGS  += -O1 -fno-omit-frame-pointer -fsanitize=$(SANITIZE) -fno-sanitize-recover=all \
           -DNO_TARGET_CLONES -Wno-maybe-uninitialized
endif

core_sources    := $(wildcard core/*/*.c core/*/*/*.c)
server_sources  := $(wildcard server/*/*.c)
migrations      := $(sort $(wildcard migrations/*.sql))
core_tests      := $(filter-out tests/core/test_gradient%,$(wildcard tests/core/test_*.c))
double_tests    := $(wildcard tests/core/test_gradient*.c)
server_tests    := $(wildcard tests/server/test_*.c)
modules         := 'static/**/*.js' 'tests/**/*.mjs'

core_objects    := $(core_sources:%.c=$(BUILD)/%.o)
server_objects  := $(server_sources:%.c=$(BUILD)/%.o) $(BUILD)/migrations.o
double_objects  := $(core_sources:%.c=$(BUILD)/double/%.o)
library_objects := $(core_objects) $(filter-out $(BUILD)/server/cli/main.o,$(server_objects))
fuzz_programs   := $(patsubst %.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/fuzz_*.c))
test_programs   := $(core_tests:%.c=$(BUILD)/%) $(server_tests:%.c=$(BUILD)/%) \
                   $(if $(SANITIZE),,$(double_tests:%.c=$(BUILD)/double/%))
fuzzed_sources  := $(wildcard core/data/import/*.c server/codec/json.c server/codec/spec.c)
objects         := $(core_objects) $(double_objects) $(server_objects) \
                   $(addsuffix .o,$(test_programs) $(fuzz_programs)) \
                   $(fuzzed_sources:%.c=$(BUILD)/fuzz/%.o)

.PHONY: build run test unit test-programs test-asan test-tsan fuzz fuzz-programs lint format \
        bench interop papers calibrate lessons install clean deps deps-build deps-test deps-fuzz \
        deps-lint deps-interop npm FORCE
.DELETE_ON_ERROR:
.SECONDARY: $(objects)

build: $(BUILD)/regulab

link    = @echo 'link $@'; $(CC) $(CFLAGS) $^ $(LDLIBS) -o $@
archive = @echo 'archive $@'; rm -f $@; ar rcs $@ $^

$(BUILD)/regulab: $(core_objects) $(server_objects)
	$(link)

test-programs: $(test_programs)

# A test takes of the archive what it uses.
$(BUILD)/library.a: $(library_objects)
	$(archive)

$(BUILD)/double/core.a: $(double_objects)
	$(archive)

$(BUILD)/double/tests/core/%: $(BUILD)/double/tests/core/%.o $(BUILD)/double/core.a
	$(link)

$(BUILD)/tests/%: $(BUILD)/tests/%.o $(BUILD)/library.a
	$(link)

# Every object depends on the flags that it was compiled with: another VERSION or PREFIX rebuilds.
flags = $(subst ','\'',$(CC) $(CPPFLAGS) $(CFLAGS))
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@printf '%s\n' '$(flags)' | cmp -s - $@ || printf '%s\n' '$(flags)' >$@

# The hot loops: vectorized, sqrtf without errno, both sides of a choice computed (nobody asks for
# floating-point traps); never -Ofast, sums keep their order.
$(BUILD)/core/math/kernel%.o $(BUILD)/double/core/math/kernel%.o: \
	OPTIMIZE = -O3 -fno-math-errno -fno-trapping-math
$(BUILD)/double/%.o: REAL = -DREAL_DOUBLE

define compile
	@mkdir -p $(@D)
	@echo 'cc $(if $(REAL),-DREAL_DOUBLE )$<'
	@$(CC) $(CPPFLAGS) $(REAL) $(CFLAGS) $(OPTIMIZE) -MMD -MP -c $< -o $@
endef

$(BUILD)/double/%.o: %.c $(BUILD)/flags
	$(compile)

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(compile)

$(BUILD)/migrations.o: $(BUILD)/migrations.c $(BUILD)/flags
	$(compile)

# The fuzzers: the readers as clang with libFuzzer compiles them, all else out of the archive.
FUZZ_CFLAGS     = -std=c17 -O1 -gline-tables-only -fno-omit-frame-pointer \
                  -fno-sanitize-recover=all -fsanitize=address,undefined
$(BUILD)/fuzz/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	@echo 'clang $<'
	@clang-14 $(CPPFLAGS) $(FUZZ_CFLAGS) -fsanitize=fuzzer-no-link -MMD -MP -c $< -o $@

$(BUILD)/fuzz/fuzzed.a: $(fuzzed_sources:%.c=$(BUILD)/fuzz/%.o)
	$(archive)

$(BUILD)/fuzz/tests/fuzz/%: $(BUILD)/fuzz/tests/fuzz/%.o $(BUILD)/fuzz/fuzzed.a $(BUILD)/library.a
	@echo 'link $@'
	@clang-14 $(FUZZ_CFLAGS) -fsanitize=fuzzer $^ $(LDLIBS) -o $@

fuzz-programs: $(fuzz_programs)

# The migrations as a table in the program: bytes, because a string literal has a length limit.
$(BUILD)/migrations.c: $(migrations) Makefile
	@mkdir -p $(@D)
	@echo 'embed $(migrations)'
	@{ echo '#include "server/store/migrations.h"'; \
	   for file in $(migrations); do name=$$(basename $$file .sql); \
	     echo "static const char SQL_$${name%%_*}[] = {"; \
	     od -An -v -td1 $$file | sed 's/^ *//; s/  */,/g; s/$$/,/'; echo '0};'; \
	   done; \
	   echo 'const migration MIGRATIONS[] = {'; \
	   for file in $(migrations); do name=$$(basename $$file .sql); number=$${name%%_*}; \
	     echo "    {$$(echo $$number | sed 's/^0*//'), \"$$name\", SQL_$$number},"; \
	   done; \
	   echo '};'; \
	   echo 'const int MIGRATION_COUNT = (int)(sizeof MIGRATIONS / sizeof *MIGRATIONS);'; } >$@

-include $(wildcard $(objects:.o=.d))

# Set-up. Each list is asked of dpkg first, so that a second run needs no network.
packages_build   = gcc libc6-dev libmicrohttpd-dev libcjson-dev libsqlite3-dev libopenblas-dev \
                   nettle-dev libzip-dev libpng-dev libjpeg62-turbo-dev \
                   zlib1g-dev ca-certificates
packages_test    = chromium-headless-shell fonts-dejavu-core sqlite3 curl util-linux
packages_fuzz    = clang-14 libclang-rt-14-dev
packages_lint    = clang-format clang-tidy shellcheck binutils
packages_interop = python3 python3-venv

# $(call install_packages,names): apt-get those that are missing.
define install_packages
	@missing=; for name in $(1); do \
	   dpkg-query -W -f='$${db:Status-Status}' $$name 2>/dev/null | grep -qx installed || \
	     missing="$$missing $$name"; \
	 done; \
	 command -v node >/dev/null || missing="$$missing nodejs"; \
	 command -v npm >/dev/null || missing="$$missing npm"; \
	 [ -z "$$missing" ] || { sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	   echo "installing$$missing"; \
	   $$sudo apt-get update -qq && \
	   $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
	     $$missing </dev/null; }
endef

deps:
	$(call install_packages,$(packages_build) $(packages_test))
deps-build:
	$(call install_packages,$(packages_build))
deps-test:
	$(call install_packages,$(packages_build) $(packages_test))
deps-fuzz:
	$(call install_packages,$(packages_build) $(packages_test) $(packages_fuzz))
deps-lint:
	$(call install_packages,$(packages_build) $(packages_lint))
deps-interop:
	$(call install_packages,$(packages_build) $(packages_interop))

# npm writes this file last; it is older than the lock when the lock has changed since.
installed_static = static/node_modules/.package-lock.json
installed_tests  = tests/node_modules/.package-lock.json
npm: $(installed_static) $(installed_tests)
%/node_modules/.package-lock.json: %/package-lock.json
	cd $* && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# A make inside: quiet, and on all cores unless told otherwise.
submake = $(MAKE) --no-print-directory $(if $(findstring j,$(MAKEFLAGS)),,-j$(shell nproc))

run:
	@$(submake) deps-build
	@$(submake) $(installed_static) build
	@echo 'The demonstration (dropout 0, 0.25 and 0.5 on drawn digits, three seeds) is queued.'
	@echo 'Look at http://$(LISTEN)/ in a browser; stop with Ctrl+C, the work is kept.'
	@exec $(BUILD)/regulab serve --listen $(LISTEN) --recipe demonstration

# Tests. run.mjs runs the named groups against one build and ends with "N passed, N failed".
unit: build test-programs
	node tests/run.mjs --build $(BUILD) unit

test:
	@$(submake) deps-test
	@$(submake) npm build test-programs
	@node tests/run.mjs --build $(BUILD) unit http browser

test-asan:
	@$(submake) deps-fuzz
	@$(submake) BUILD=$(BUILD)/asan SANITIZE=address,undefined npm build test-programs
	@$(submake) fuzz-programs
	@FUZZ=$(abspath $(BUILD)/fuzz) node tests/run.mjs --build $(BUILD)/asan unit http fuzz

test-tsan:
	@$(submake) deps-test
	@$(submake) BUILD=$(BUILD)/tsan SANITIZE=thread npm build test-programs
	@node tests/run.mjs --build $(BUILD)/tsan unit http

# Every fuzzer, so many inputs each; those that do harm are left in $(BUILD)/fuzz/.
INPUTS ?= 100000
fuzz:
	@$(submake) deps-fuzz
	@$(submake) fuzz-programs
	@FUZZ=$(abspath $(BUILD)/fuzz) FUZZ_INPUTS=$(INPUTS) TEST_LIMIT_SECONDS=7200 \
		node tests/run.mjs --build $(BUILD) --jobs $(shell nproc) fuzz

lint:
	@$(submake) deps-lint
	@$(submake) build $(installed_tests)
	@node tests/lint/lint.mjs --build $(BUILD)

format: deps-lint $(installed_tests)
	@clang-format -i $(wildcard core/*/*.[ch] core/*/*/*.[ch] server/*/*.[ch] tests/*.h tests/*/*.[ch])
	@tests/node_modules/.bin/prettier --log-level warn --write $(modules)

bench_environment = BUILD=$(abspath $(BUILD)) REGULAB=$(abspath $(BUILD)/regulab) \
                    NODE_NO_WARNINGS=1
bench:
	@$(submake) deps-test
	@$(submake) npm build $(BUILD)/tests/bench/blas $(BUILD)/tests/bench/store \
		$(BUILD)/tests/bench/microhttpd
	@$(bench_environment) node tests/bench/bench.mjs
	@$(bench_environment) node tests/bench/dashboard.mjs
	@$(bench_environment) node tests/bench/memory.mjs

venv = $(BUILD)/venv
$(venv)/installed: tests/interop/requirements.txt
	python3 -m venv $(venv)
	$(venv)/bin/pip install --quiet --disable-pip-version-check --no-compile -r $<
	@touch $@

interop:
	@$(submake) deps-interop
	@$(submake) build $(venv)/installed $(installed_tests)
	@node tests/run.mjs --build $(BUILD) interop

papers: build
	@REGULAB=$(abspath $(BUILD)/regulab) NODE_NO_WARNINGS=1 node tests/papers/papers.mjs

calibrate: build
	@REGULAB=$(abspath $(BUILD)/regulab) NODE_NO_WARNINGS=1 node tests/papers/calibrate.mjs

lessons: build
	@REGULAB=$(abspath $(BUILD)/regulab) NODE_NO_WARNINGS=1 node tests/papers/lessons.mjs

installed = $(DESTDIR)$(PREFIX)/share/regulab/static
install: $(BUILD)/regulab $(installed_static)
	install -D -m 755 $(BUILD)/regulab '$(DESTDIR)$(PREFIX)/bin/regulab'
	install -d '$(installed)'
	tar -C static --exclude=node_modules --exclude='package*.json' --exclude=.npmrc -cf - . | \
	    tar -C '$(installed)' -xf -
	cd static && xargs cp --parents -t '$(abspath $(installed))' <vendor.txt

clean:
	rm -rf '$(BUILD)'
