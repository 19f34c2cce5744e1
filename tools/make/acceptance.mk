# What the acceptance runs need beside the programs: a bank reduced to its calls, a look at rows.

ACCEPTANCE_TOOLS := $(BUILD)/acceptance/bank_tool $(BUILD)/acceptance/wallet_rows

$(BUILD)/acceptance/bank_tool: $(BUILD)/tests/acceptance/bank_tool.o \
        $(foreach r,money net wire crypto base,$(BUILD)/lib/common_$(r).a)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Looks into a sealed database, and changes it, for tests/acceptance/doctor.py.
$(BUILD)/acceptance/wallet_rows: $(BUILD)/tests/acceptance/wallet_rows.o \
        $(BUILD)/lib/wallet_keys.a \
        $(foreach r,store crypto base,$(BUILD)/lib/common_$(r).a)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: acceptance-build
acceptance-build: $(ACCEPTANCE_TOOLS)
tests-build: acceptance-build

# Preloaded into the servers that tests/kill kills.
$(BUILD)/tests/slow_disk.so: tests/kill/slow_disk.c
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) -std=c17 $(WARN) -O2 -D_GNU_SOURCE -fPIC -shared -o $@ $<
acceptance-build: $(BUILD)/tests/slow_disk.so

# Preloaded into dcep-scan: a camera, where there is none.
$(BUILD)/tests/camera.so: tests/camera/camera.c
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) -std=c17 $(WARN) -O2 -D_GNU_SOURCE -fPIC -shared -o $@ $< -ljpeg -lm
acceptance-build: $(BUILD)/tests/camera.so
