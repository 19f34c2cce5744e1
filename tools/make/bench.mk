# Benchmarks: one program each from tools/bench/*_bench.c, and real processes by programs.py.
# `make bench` runs all, writes its report and the figures as JSON into $(BUILD)/bench/. It tells,
# it never judges: the figures depend on the machine (docs/performance.md).

BENCH_SECONDS ?= 1
BENCHES := $(patsubst tools/bench/%.c,$(BUILD)/bench/%,\
    $(filter-out %/life_bench.c,$(wildcard tools/bench/*_bench.c)))
BENCH_TOOLS := $(addprefix $(BUILD)/bench/,measure central_load)
BENCH_SHARED := $(addprefix $(BUILD)/tools/bench/,bench.o mill.o)
BENCH_ARCHIVES := $(SUPPORT) $(BUILD)/lib/central.a $(COMMON_ARCHIVES)

$(BENCHES) $(BENCH_TOOLS): $(BUILD)/bench/%: $(BUILD)/tools/bench/%.o $(BENCH_SHARED) \
        $(BENCH_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

# A month of daily life is lived in the simulated world, with more people than its own runs have.
LIFE_SOURCES := tools/bench/life_bench.c tools/bench/bench.c \
    $(filter-out %/main.c,$(wildcard tests/simulation/*.c))
$(BUILD)/life/%.o: %.c | $(DEPS)
	@mkdir -p $(@D)
	@$(CC) $(CPPFLAGS) -DSIM_HONEST_COUNT=48 $(ALL_CFLAGS) -c -o $@ $<

$(BUILD)/bench/life_bench: $(LIFE_SOURCES:%.c=$(BUILD)/life/%.o) $(BUILD)/lib/wallet.a \
        $(BUILD)/lib/intermediary.a $(BUILD)/lib/central.a $(SUPPORT) $(COMMON_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench bench-build
bench-build: $(BUILD)/bench/life_bench $(BENCHES) $(BENCH_TOOLS) $(ACCEPTANCE_TOOLS) $(PROGRAMS)
bench: ## every benchmark, a report and JSON into $(BUILD)/bench/ (BENCH_SECONDS=1 for each figure)
	@tools/bootstrap.sh install bench
	@$(SUBMAKE) bench-build
	@tools/bench/run.py '$(BUILD)' --seconds '$(BENCH_SECONDS)'
