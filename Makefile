# dcep: build, test, demo. `make help` lists the targets.
#
# Each room is an archive of its own and a program links the rooms it stands on, lowest last,
# so a link fails where an include points up (docs/adr/0001-layers-and-archives.md).

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
ifeq ($(origin CC),default)
CC := gcc
endif

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SUFFIXES:

# Asked once, and only when something is compiled: pkg-config itself may have to be installed first.
PKGS := libcbor libsodium sqlite3 inih jansson libcrypto libzstd tss2-esys tss2-mu tss2-tctildr
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell pkg-config --cflags $(PKGS) 2>/dev/null))$(PKG_CFLAGS)
PKG_LIBS = $(eval PKG_LIBS := $$(shell pkg-config --libs $(PKGS) 2>/dev/null))$(PKG_LIBS)
# Pictures: the wallet draws codes, a program of its own reads them (docs/adr/0023-codes.md).
LIBS_wallet := -lqrencode -lpng
LIBS_wallet/carriers := $(LIBS_wallet)
LIBS_scanner := -lzbar -lpng -ljpeg -lseccomp

WARN := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
        -Wswitch-enum -Werror
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
OPT     ?= -O2 -g
SAN     ?=
CPPFLAGS += -I. -D_GNU_SOURCE -DDCEP_VERSION='"$(VERSION)"'
ifneq ($(SAN),)
HARDEN := -fPIE -fno-omit-frame-pointer -fno-sanitize-recover=all
OPT    := -O1 -g
CPPFLAGS += -DDCEP_SANITIZED
endif
ALL_CFLAGS = -std=c17 $(WARN) $(HARDEN) $(OPT) $(SAN) -MMD -MP $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SAN) $(LDFLAGS)
LIBS = $(PKG_LIBS) -lnng -lmbedtls -lmbedx509 -lmbedcrypto -lpthread

# ---- rooms, lowest first (their rules: tools/layers.txt) ----

COMMON := base wire crypto money store net cli purse
WALLET := keys carriers state news handover sync desk
ROOMS  := $(addprefix common/,$(COMMON)) central intermediary $(addprefix wallet/,$(WALLET)) \
    wallet scanner

reverse = $(if $(1),$(call reverse,$(wordlist 2,99,$(1))) $(firstword $(1)))
room_sources = $(filter-out %/main.c,$(wildcard $(1)/*.c))
room_objects = $(patsubst %.c,$(BUILD)/%.o,$(call room_sources,$(1)))
room_archive = $(BUILD)/lib/$(subst /,_,$(1)).a
WALLET_ROOMS := $(foreach r,$(call reverse,$(WALLET)),$(BUILD)/lib/wallet_$(r).a)
WALLET_ARCHIVES := $(BUILD)/lib/wallet.a $(WALLET_ROOMS)
COMMON_ARCHIVES := $(foreach r,$(call reverse,$(COMMON)),$(BUILD)/lib/common_$(r).a)

define room_rules
$(call room_archive,$(1)): $(call room_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

# Packages that are missing are named before the first compile, not by it.
DEPS := $(BUILD)/.deps
$(DEPS): tools/bootstrap.sh
	@tools/bootstrap.sh check build
	@mkdir -p $(@D) && touch $@

$(BUILD)/%.o: %.c | $(DEPS)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

# ---- programs ----

PROGRAMS := $(addprefix $(BUILD)/,dcep-central dcep-bank dcep-wallet dcep-scan)

program_archives = $(if $(filter wallet,$(1)),$(WALLET_ARCHIVES),$(BUILD)/lib/$(1).a)
define program_rule
$(BUILD)/$(1): $(BUILD)/$(2)/main.o $(call program_archives,$(2)) $(COMMON_ARCHIVES)
	@echo "  LD    $$@"
	@$(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(LIBS_$(2)) $(LIBS)
endef
$(eval $(call program_rule,dcep-central,central))
$(eval $(call program_rule,dcep-bank,intermediary))
$(eval $(call program_rule,dcep-wallet,wallet))

$(BUILD)/dcep-scan: $(BUILD)/scanner/main.o $(BUILD)/lib/scanner.a
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS_scanner)

.PHONY: all
all: $(PROGRAMS) locale ## the programs, into $(BUILD)/

# ---- unit tests: one Criterion program a room, from tests/<room>/*.c ----
# It links the room's level and those below, nothing above, and of tests/support/ what it uses.

# Criterion talks to its workers over nanomsg; nng exports functions of the same names, so nanomsg
# must come first, or the runner is quietly given nng's and hangs now and then.
CRITERION := -lcriterion -Wl,--no-as-needed -l:libnanomsg.so.5 -Wl,--as-needed

LEVEL_1 := base wire crypto
LEVEL_2 := $(LEVEL_1) money store net
test_links = $(patsubst %,$(BUILD)/lib/common_%.a,$(call reverse,$(strip \
    $(if $(filter common/base,$(1)),base, \
    $(if $(filter $(LEVEL_1:%=common/%),$(1)),$(LEVEL_1), \
    $(if $(filter $(LEVEL_2:%=common/%),$(1)),$(LEVEL_2),$(COMMON)))))))

# Whatever of a wallet is tested, people play it who have whole wallets, and a town to sync with
# (tests/wallet/*.c): such a program links all the wallet's rooms below its commands. Who looks
# at files stands above the commands.
WHOLE_WALLETS := $(addprefix wallet/,state news handover sync desk)
whole_wallet = $(if $(filter $(WHOLE_WALLETS),$(1)),$(2))
test_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/$(1)/*.c) \
    $(call whole_wallet,$(1),$(filter-out %_test.c %/look.c,$(wildcard tests/wallet/*.c))))
SUPPORT := $(BUILD)/lib/support.a
$(SUPPORT): $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/support/*.c))
	@mkdir -p $(@D)
	@rm -f $@
	@$(AR) rcs $@ $^

# A bank's tests call the real central bank, under its tests' harness.
TEST_ALSO_intermediary := \
	$(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/central/hall*.c)) \
    $(BUILD)/lib/central.a

room_archives = $(or $(call whole_wallet,$(1),$(WALLET_ROOMS)), \
    $(if $(findstring /,$(1)),$(call room_archive,$(1)),$(call program_archives,$(1))))
define test_rule
$(BUILD)/tests/$(subst /,_,$(1))_test: $(call test_objects,$(1)) $(SUPPORT) \
        $(if $(filter common/%,$(1)),,$(call room_archives,$(1))) $(TEST_ALSO_$(1)) \
        $(call test_links,$(1))
	@echo "  LD    $$@"
	@$(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(CRITERION) $(LIBS_$(1)) $(LIBS)
endef
TESTED_ROOMS := $(foreach r,$(ROOMS),$(if $(wildcard tests/$(r)/*_test.c),$(r)))
$(foreach r,$(TESTED_ROOMS),$(eval $(call test_rule,$(r))))
UNIT_TESTS := $(foreach r,$(TESTED_ROOMS),$(BUILD)/tests/$(subst /,_,$(r))_test)

.PHONY: unit unit-build
unit-build: $(UNIT_TESTS)
unit: $(UNIT_TESTS) ## the unit tests of every room
	@status=0; for t in $^; do $$t -j1 || status=1; done; exit $$status

-include $(shell find $(BUILD) -type f -name '*.d' 2>/dev/null)

# ---- the README's two commands ----

# What is missing is installed first, then a second make builds and runs, so that nothing is looked
# for before it is there.

JOBS ?= $(shell nproc)
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(JOBS))

.PHONY: check demo
check: ## install what is missing, build, run every test
	@tools/bootstrap.sh install check
	@BUILD='$(BUILD)' tools/check.sh

demo: ## install what is missing, build, run the main job (KEEP=1 leaves it running, STEP=1 waits)
	@tools/bootstrap.sh install demo
	@$(SUBMAKE) all
	@BUILD='$(BUILD)' KEEP='$(KEEP)' STEP='$(STEP)' tools/demo.sh

# Everything beyond building and unit tests: one file a theme.
include $(sort $(wildcard tools/make/*.mk))

.PHONY: clean help
clean: ## remove everything built
	rm -rf $(BUILD)

help: ## this list
	@echo "Targets (variables: BUILD, PREFIX, DESTDIR, CC, SAN):"
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' $(sort $(MAKEFILE_LIST)) \
	    | sed 's/$$(BUILD)/$(subst /,\/,$(BUILD))/' | expand -t 26
