# Benchmarks: one program each from tools/bench/*_bench.c, and real processes by programs.py.
# `make bench` runs all, writes its report and the figures as JSON into $(BUILD)/bench/. It tells,
# it never judges: the figures depend on the machine (docs/performance.md).

BENCH_SECONDS ?= 1
BENCHES := $(patsubst tools/bench/%.c,$(BUILD)/bench/%,\
    $(filter-out %/life_bench.c,$(wildcard tools/bench/*_bench.c)))
BENCH_TOOLS := $(addprefix $(BUILD)/bench/,measure central_load register_preload register_load \
        relay_preload)
BENCH_SHARED := $(addprefix $(BUILD)/tools/bench/,bench.o mill.o bulk.o crowd.o histogram.o \
        load_bank.o load_gate.o load_line.o load_options.o load_plan.o load_server.o load_audit.o)
BENCH_ARCHIVES := $(SUPPORT) $(BUILD)/lib/central.a $(BUILD)/lib/intermediary.a $(COMMON_ARCHIVES)

$(BENCHES) $(BENCH_TOOLS): $(BUILD)/bench/%: $(BUILD)/tools/bench/%.o $(BENCH_SHARED) \
        $(BENCH_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# Preloaded into a server whose flushes are counted.
$(BUILD)/bench/fsync_count.so: tools/bench/fsync_count.c tools/bench/fsync_page.h
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) -std=c17 $(WARN) -I. -O2 -D_GNU_SOURCE -fPIC -shared -o $@ $<

# The load generators themselves are tested by `make check`.
tests-build: $(addprefix $(BUILD)/bench/,register_preload register_load relay_preload \
        fsync_count.so)

.PHONY: bench bench-build bench-register bench-register-set bench-plot \
        bench-relay
bench-build: $(BUILD)/bench/life_bench $(BENCHES) $(BENCH_TOOLS) $(BUILD)/bench/fsync_count.so \
        $(ACCEPTANCE_TOOLS) $(PROGRAMS)

# A month of daily life is lived in the simulated world, with more people than its own runs have.
LIFE_SOURCES := tools/bench/life_bench.c tools/bench/bench.c \
    $(filter-out %/main.c,$(wildcard tests/simulation/*.c))
$(BUILD)/life/%.o: %.c | $(DEPS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -DSIM_HONEST_COUNT=48 $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/bench/life_bench: $(LIFE_SOURCES:%.c=$(BUILD)/life/%.o) $(WALLET_ARCHIVES) \
        $(BUILD)/lib/intermediary.a $(BUILD)/lib/central.a $(SUPPORT) $(COMMON_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

bench: ## every benchmark, a report and JSON into $(BUILD)/bench/ (BENCH_SECONDS=1 for each figure)
	@tools/bootstrap.sh install bench
	@$(SUBMAKE) bench-build
	@tools/bench/run.py '$(BUILD)' --seconds '$(BENCH_SECONDS)'

# BENCH_REGISTER: options of tools/bench/register.py, such as "--seconds 20 --double-spends 3".
bench-register: ## settlements into a real dcep-central at saturation; $(BUILD)/bench/register.json
	@tools/bootstrap.sh install bench
	@$(SUBMAKE) bench-build
	@tools/bench/register.py '$(BUILD)' $(BENCH_REGISTER)

# BENCH_SET: options of tools/bench/register_set.py, such as "--preloads 10,50 --minutes 10".
bench-register-set: ## every figure of the register, five runs: $(BUILD)/bench/register_set.md
	@tools/bootstrap.sh install bench
	@$(SUBMAKE) bench-build
	@tools/bench/register_set.py '$(BUILD)' $(BENCH_SET)

# BENCH_PLOT: options of tools/bench/plot.py, such as "--sizes 1,10,50".
bench-plot: ## speed against preloaded coins, memory over time: $(BUILD)/bench/register.png
	@tools/bootstrap.sh install bench
	@$(SUBMAKE) bench-build
	@tools/bench/plot.py '$(BUILD)' $(BENCH_PLOT)

# BENCH_RELAY: options of tools/bench/relay.py, such as "--packets 4".
bench-relay: ## wallets' payments through a real dcep-bank; $(BUILD)/bench/relay.json
	@tools/bootstrap.sh install bench
	@$(SUBMAKE) bench-build
	@tools/bench/relay.py '$(BUILD)' $(BENCH_RELAY)
