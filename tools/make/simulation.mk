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

CHECK_ACTS ?= 300
simulation-check: simulation-build ## SEEDS (200) runs of CHECK_ACTS (300), and some seeds twice
	@$(BUILD)/simulation/dcep-sim --seeds $(SEEDS) --acts $(CHECK_ACTS) --twice 4

# Of 10,000 seeds most live for 100 acts, twice the work of setting a world up and winding it down;
# what needs a long life gets it in 500 of them.
SOAK_LONG ?= 500
SOAK_SEEDS ?= 10000
SOAK_ACTS ?= 100
SOAK_SIM = $(BUILD)/simulation/dcep-sim --jobs $(shell nproc) --quiet --progress 100
soak: soak-simulation ## 10,000 seeds of the simulated world, and every cut of the wallet
.PHONY: soak-simulation
soak-simulation: simulation-build
	@$(SOAK_SIM) --seed 1 --seeds $(SOAK_LONG) --acts $(ACTS)
	@$(SOAK_SIM) --seed $$(($(SOAK_LONG) + 1)) --seeds $$(($(SOAK_SEEDS) - $(SOAK_LONG))) \
	    --acts $(SOAK_ACTS)

# A mutant is one file of a core, changed by mutants.sh and linked before its archive.
MUTANTS_DIR := $(BUILD)/simulation/mutants
$(MUTANTS_DIR)/%.o: $(MUTANTS_DIR)/%.c
	@$(CC) $(CPPFLAGS) $(filter-out -Werror,$(ALL_CFLAGS)) -w -c -o $@ $<

$(MUTANTS_DIR)/%: $(MUTANTS_DIR)/%.o $(SIMULATION_SOURCES:%.c=$(BUILD)/%.o) $(SIMULATION_ARCHIVES)
	@$(CC) $(ALL_LDFLAGS) -o $@ $^ $(LIBS)

.PHONY: simulation-mutants
simulation-mutants: simulation-build ## is the auditor awake? each broken rule must be noticed
	@BUILD='$(BUILD)' tests/simulation/mutants.sh
