# Benchmarks: one program each, from tools/bench/*_bench.c; run them by hand on a quiet machine.

BENCHES := $(patsubst tools/bench/%.c,$(BUILD)/bench/%,$(wildcard tools/bench/*_bench.c))

$(BUILD)/bench/%: $(BUILD)/tools/bench/%.o $(COMMON_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: bench
bench: $(BENCHES) ## build the benchmarks and run each for its usual time
	@for b in $^; do echo "$${b##*/}"; $$b --json $(BUILD)/bench/$${b##*/}.json || exit 1; done
