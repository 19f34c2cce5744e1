# Every cut, every crash: the wallet under a knife for system calls (tests/cut/).

CUT_SOURCES := $(filter-out tests/cut/reader.c tests/cut/wallet.c,$(wildcard tests/cut/*.c))
CUT_SAMPLE ?= 94
CUT_SEED ?= 1
CUT_SOAK ?= 2400
CUT_PLACES ?= 2000 # a soak that cut fewer has failed
CUT_JOBS ?= 2

$(BUILD)/cut/cut: $(CUT_SOURCES:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^

$(BUILD)/cut/reader: $(BUILD)/tests/cut/reader.o $(WALLET_ARCHIVES) $(COMMON_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# The reader of pictures lies beside the wallet that starts it.
$(BUILD)/cut/wallet: $(BUILD)/tests/cut/wallet.o $(WALLET_ARCHIVES) $(COMMON_ARCHIVES)
	@mkdir -p $(@D)
	@ln -sf ../dcep-scan $(@D)/dcep-scan
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -Wl,-z,lazy -o $@ $^ $(LIBS_wallet) $(LIBS)

.PHONY: cut-build cut-check cut-soak cut-mutants
cut-build: $(BUILD)/cut/cut $(BUILD)/cut/reader $(BUILD)/cut/wallet
tests-build: cut-build

cut-check: all cut-build ## CUT_SAMPLE (94) cuts of the wallet, chosen by CUT_SEED (1)
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/cut/cuts.py $(BUILD) \
	    --sample $(CUT_SAMPLE) --seed $(CUT_SEED)

cut-soak: all cut-build ## CUT_SOAK (2400, 0 = all) cuts; one that was stopped goes on where it was
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/cut/cuts.py $(BUILD) --seed $(CUT_SEED) \
	    --sample $(CUT_SOAK) --places $(CUT_PLACES) --jobs $(CUT_JOBS) \
	    --record $(BUILD)/cut/soak.$(CUT_SEED)

soak: cut-soak

cut-mutants: all cut-build ## the cuts notice each protection that is taken out
	@CUT_CC="$(CC) $(CPPFLAGS) $(ALL_CFLAGS)" \
	    CUT_LINK="$(CC) $(ALL_LDFLAGS) MUTANT $(WALLET_ARCHIVES) \
	    $(COMMON_ARCHIVES) $(LIBS_wallet) $(LIBS)" \
	    PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/cut/mutants.py $(BUILD)
