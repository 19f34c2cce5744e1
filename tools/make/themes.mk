# Tests that cut across rooms: one Criterion program a theme, from tests/<theme>/*.c. It links every
# room, the three programs' too.

THEMES := $(foreach t,adversarial,$(if $(wildcard tests/$(t)/*_test.c),$(t)))
LEVEL_4_ARCHIVES := $(BUILD)/lib/central.a $(BUILD)/lib/intermediary.a $(WALLET_ARCHIVES)

define theme_rule
$(BUILD)/themes/$(1)_test: $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/$(1)/*.c)) \
        $(SUPPORT) $(LEVEL_4_ARCHIVES) $(COMMON_ARCHIVES)
	@mkdir -p $$(@D)
	@echo "  LD    $$@"
	@$(CC) $(ALL_LDFLAGS) -o $$@ $$^ $(CRITERION) $(LIBS)
endef
$(foreach t,$(THEMES),$(eval $(call theme_rule,$(t))))

.PHONY: themes-build
themes-build: $(THEMES:%=$(BUILD)/themes/%_test)

.PHONY: tests-build
tests-build: all unit-build themes-build ## the programs and every test program
