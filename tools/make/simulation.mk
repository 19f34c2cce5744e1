# The seeded world: real cores, a lossy network, two thieves, an auditor (tests/simulation/).

SIMULATION_SOURCES := $(wildcard tests/simulation/*.c)
SIMULATION_ARCHIVES := $(WALLET_ARCHIVES) $(BUILD)/lib/intermediary.a \
    $(BUILD)/lib/central.a $(SUPPORT) $(COMMON_ARCHIVES)

$(BUILD)/simulation/dcep-sim: $(SIMULATION_SOURCES:%.c=$(BUILD)/%.o) $(SIMULATION_ARCHIVES)
	@mkdir -p $(@D)
	@echo "  LD    $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: simulation-build sim soak simulation-check
simulation-build: $(BUILD)/simulation/dcep-sim
tests-build: simulation-build

SEEDS ?= 200
ACTS ?= 1000
SEED ?= 1
sim: simulation-build ## one run of the seeded world: SEED=7 ACTS=1000 (TRACE=1 tells every act)
	@$(BUILD)/simulation/dcep-sim --seed $(SEED) --acts $(ACTS) $(if $(TRACE),--trace)

simulation-check: simulation-build ## SEEDS (200) runs of ACTS (1000), and the same seed twice
	@$(BUILD)/simulation/dcep-sim --seeds $(SEEDS) --acts $(ACTS) --twice 4

soak: simulation-build ## 10,000 seeds of the simulated world, and every cut of the wallet
	@$(BUILD)/simulation/dcep-sim --seeds 10000 --acts $(ACTS)

# A mutant is one file of a core, changed by mutants.sh and linked before its archive.
MUTANTS_DIR := $(BUILD)/simulation/mutants
$(MUTANTS_DIR)/%.o: $(MUTANTS_DIR)/%.c
	@$(CC) $(CPPFLAGS) $(filter-out -Werror,$(ALL_CFLAGS)) -w -c -o $@ $<

$(MUTANTS_DIR)/%: $(MUTANTS_DIR)/%.o $(SIMULATION_SOURCES:%.c=$(BUILD)/%.o) $(SIMULATION_ARCHIVES)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: simulation-mutants
simulation-mutants: simulation-build ## is the auditor awake? each broken rule must be noticed
	@BUILD='$(BUILD)' tests/simulation/mutants.sh
