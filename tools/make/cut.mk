# Every cut, every crash: the wallet under a knife for system calls (tests/cut/).

CUT_SOURCES := $(wildcard tests/cut/*.c)
CUT_SAMPLE ?= 220
CUT_SEED ?= 1

$(BUILD)/cut/cut: $(CUT_SOURCES:%.c=$(BUILD)/%.o)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^

.PHONY: cut-build cut-check cut-soak
cut-build: $(BUILD)/cut/cut
tests-build: cut-build

cut-check: all cut-build ## CUT_SAMPLE (220) cut points of the wallet, chosen by CUT_SEED (1)
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/cut/cuts.py $(BUILD) \
	    --sample $(CUT_SAMPLE) --seed $(CUT_SEED)

cut-soak: all cut-build ## every cut point of every step, in every way
	@PYTHONDONTWRITEBYTECODE=1 /usr/bin/python3 tests/cut/cuts.py $(BUILD) --seed $(CUT_SEED)

soak: cut-soak
