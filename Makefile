# dcep: build, test, demo. `make help` lists the targets.
#
# Each room is an archive of its own and a program links the rooms it stands on, lowest last,
# so a link fails where an include points up.

VERSION := 0.1.0
BUILD   ?= build
PREFIX  ?= /usr/local
CC      ?= gcc
ifeq ($(origin CC),default)
CC := gcc
endif

PKGS := libcbor libsodium sqlite3 inih jansson libcrypto
DEPS_STAMP := $(BUILD)/.deps

WARN := -Wall -Wextra -Wshadow -Wconversion -Wvla -Wstrict-prototypes -Wmissing-prototypes \
        -Wswitch-enum -Werror
HARDEN := -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE
OPT     ?= -O2 -g
SAN     ?=
ifneq ($(SAN),)
HARDEN := -fPIE -fno-omit-frame-pointer
OPT    := -O1 -g
endif
CPPFLAGS += -I. -D_GNU_SOURCE -DDCEP_VERSION='"$(VERSION)"'
ALL_CFLAGS = -std=c17 $(WARN) $(HARDEN) $(OPT) $(SAN) -MMD -MP $(shell pkg-config --cflags $(PKGS)) $(CFLAGS)
ALL_LDFLAGS = -pie $(SAN) $(LDFLAGS)
LIBS = $(shell pkg-config --libs $(PKGS)) -lnng -lmbedtls -lmbedx509 -lmbedcrypto -lpthread

# Rooms, lowest first (docs: house rules in tools/layers.txt).
COMMON := base wire crypto money store net cli purse
ROOMS  := $(addprefix common/,$(COMMON)) central intermediary wallet

room_sources = $(filter-out %/main.c,$(wildcard $(1)/*.c))
room_objects = $(patsubst %.c,$(BUILD)/%.o,$(call room_sources,$(1)))
room_archive = $(BUILD)/lib/$(subst /,_,$(1)).a
COMMON_ARCHIVES := $(foreach r,purse cli net store money crypto wire base,$(BUILD)/lib/common_$(r).a)

PROGRAMS := $(BUILD)/dcep-central $(BUILD)/dcep-bank $(BUILD)/dcep-wallet

.PHONY: all
all: $(PROGRAMS)

define room_rules
$(call room_archive,$(1)): $(call room_objects,$(1))
	@mkdir -p $$(@D)
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach r,$(ROOMS),$(eval $(call room_rules,$(r))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

define program_rule
$(BUILD)/$(1): $(BUILD)/$(2)/main.o $(BUILD)/lib/$(2).a $(COMMON_ARCHIVES)
	@echo "  LD    $$@"
	@$(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(LIBS)
endef
$(eval $(call program_rule,dcep-central,central))
$(eval $(call program_rule,dcep-bank,intermediary))
$(eval $(call program_rule,dcep-wallet,wallet))

# Unit tests: one Criterion program a room, tests/<room>/*_test.c (helpers beside them).
test_objects = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/$(1)/*.c) $(wildcard tests/support/*.c))
define test_rule
$(BUILD)/tests/$(subst /,_,$(1))_test: $(call test_objects,$(1)) $(if $(filter common/%,$(1)),,$(BUILD)/lib/$(1).a) $(COMMON_ARCHIVES)
	@echo "  LD    $$@"
	@$(CC) $(ALL_LDFLAGS) -o $$@ $$^ -lcriterion $(LIBS)
endef
TESTED_ROOMS := $(foreach r,$(ROOMS),$(if $(wildcard tests/$(r)/*_test.c),$(r)))
$(foreach r,$(TESTED_ROOMS),$(eval $(call test_rule,$(r))))
UNIT_TESTS := $(foreach r,$(TESTED_ROOMS),$(BUILD)/tests/$(subst /,_,$(r))_test)

.PHONY: unit
unit: $(UNIT_TESTS)
	@for t in $^; do $$t --quiet || exit 1; done

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)

# Everything beyond building and unit tests: one file a theme.
-include tools/make/*.mk

.PHONY: clean
clean:
	rm -rf $(BUILD)
