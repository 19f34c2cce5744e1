# Fuzzing with libFuzzer, ASan and UBSan (clang): one target a kind and one for all calls, from the
# committed corpus in tests/fuzz/corpus. All these are one program under many names
# (tests/fuzz/fuzz_wire.c), so it is compiled once. A target of its own: the frames of QR codes.

FUZZ_CC ?= clang
FUZZ_DIR := $(BUILD)/fuzz
FUZZ_JOBS ?= 2
FUZZ_CHECK_SECONDS ?= 4
FUZZ_SECONDS ?= 600
FUZZ_FLAGS = -std=c17 $(WARN) -O1 -g -fno-omit-frame-pointer -DDCEP_SANITIZED \
    -fsanitize=address,undefined -fno-sanitize-recover=all

FUZZ_SOURCES := $(call room_sources,common/base) $(call room_sources,common/wire) \
    tests/fuzz/fuzz_wire.c
FUZZ_OBJECTS := $(FUZZ_SOURCES:%.c=$(FUZZ_DIR)/objects/%.o)

$(FUZZ_DIR)/objects/%.o: %.c | $(DEPS)
	@mkdir -p $(@D)
	@$(FUZZ_CC) $(CPPFLAGS) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link -MMD -MP $(PKG_CFLAGS) -c -o $@ $<

$(FUZZ_DIR)/fuzz_wire: $(FUZZ_OBJECTS)
	@echo "  LD    $@"
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(PKG_LIBS)
	@for target in $$($@ --list); do ln -f $@ $(FUZZ_DIR)/fuzz_$$target || exit 1; done

FUZZ_FRAMES_SOURCES := $(call room_sources,common/base) $(call room_sources,common/wire) \
    $(call room_sources,common/crypto) $(wildcard wallet/carriers/frames*.c) \
    tests/fuzz/fuzz_frames.c
$(FUZZ_DIR)/fuzz_frames: $(FUZZ_FRAMES_SOURCES:%.c=$(FUZZ_DIR)/objects/%.o)
	@echo "  LD    $@"
	@$(FUZZ_CC) $(FUZZ_FLAGS) -fsanitize=fuzzer -o $@ $^ $(LIBS)

.PHONY: fuzz-build fuzz-check fuzz fuzz-corpus
fuzz-build: $(FUZZ_DIR)/fuzz_wire $(FUZZ_DIR)/fuzz_frames ## the fuzz targets

fuzz-check: fuzz-build ## each fuzz target for FUZZ_CHECK_SECONDS (4), FUZZ_JOBS (2) at a time
	@tests/fuzz/run.sh $(FUZZ_DIR) $(FUZZ_CHECK_SECONDS) $(FUZZ_JOBS) $(FUZZ_TARGETS)

fuzz: fuzz-build ## each fuzz target for FUZZ_SECONDS (600); FUZZ_TARGETS="token packet" for some
	@tests/fuzz/run.sh $(FUZZ_DIR) $(FUZZ_SECONDS) $(FUZZ_JOBS) $(FUZZ_TARGETS)

$(BUILD)/tests/make_corpus: $(BUILD)/tests/fuzz/make_corpus.o $(BUILD)/tests/support/fill.o \
        $(WALLET_ARCHIVES) $(COMMON_ARCHIVES)
	@mkdir -p $(@D)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

fuzz-corpus: $(BUILD)/tests/make_corpus ## write tests/fuzz/corpus anew
	@rm -rf tests/fuzz/corpus
	@$< tests/fuzz/corpus
